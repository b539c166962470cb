"""Stock: ``GET /V1/inventory/source-items``, and what is read of products beside it."""

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
