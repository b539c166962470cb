"""Stock: ``GET /V1/inventory/source-items``, what is read of products beside it, and where stock is sold from."""

from __future__ import annotations

from decimal import Decimal

from schemas.wire import Amount, Wire


class SourceItem(Wire):
    """Physical stock of one SKU in one MSI source. An item of status 0 does not count as salable."""

    sku: str
    source_code: str
    quantity: Amount = Decimal(0)
    status: int = 0


class ProductSku(Wire):
    """A product trimmed to ``fields=items[sku]``."""

    sku: str


class StockItem(Wire):
    """``GET /V1/stockItems/:productSku``: what the inventory modules leave to it. Its quantity is the default source's.

    ``manage_stock`` is what applies, the shop's setting or the product's own. ``qty`` is null until it is written.
    """

    manage_stock: bool = True
    qty: Amount | None = None


class Source(Wire):
    """A place that has stock: a row of ``GET /V1/inventory/sources``."""

    source_code: str
    enabled: bool


class SalesChannel(Wire):
    """What a stock is sold by; of type ``website`` the code is the website's."""

    type: str
    code: str


class StockExtension(Wire):
    """``extension_attributes`` of a stock."""

    sales_channels: tuple[SalesChannel, ...] = ()


class Stock(Wire):
    """What websites sell from: a row of ``GET /V1/inventory/stocks``."""

    stock_id: int
    extension_attributes: StockExtension = StockExtension()


class StockSourceLink(Wire):
    """That a source is one of a stock: a row of ``GET /V1/inventory/stock-source-links``."""

    stock_id: int
    source_code: str
