"""What is left to sell of each stock.

Salable = what the stock's sources hold + reservations (which are negative) - the out-of-stock threshold. Placing an
order only reserves, in the stock of its website; shipping takes the goods from a source and releases the reservation.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from app.sandbox.magento.errors import CrashError, RestError
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import PART
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.stock_settings import StockSettings, put_default_stock, stock_settings
from app.sandbox.premises import DEFAULT_SOURCE

SourceItem = tuple[str, str, float, int]
"""SKU, source code, quantity, status."""


def stock_of(shop: Shop, store_id: int) -> int:
    """The stock that serves a store view's website."""
    return shop.premises.website_of(store_id).stock_id


def first_source(shop: Shop, store_id: int) -> str:
    """The source of the highest priority in the store view's stock: an invoice takes virtual goods from it."""
    row = shop.one(
        "SELECT source_code FROM stock_source_links WHERE stock_id = ? ORDER BY priority, source_code LIMIT 1",
        stock_of(shop, store_id),
    )
    return str(row["source_code"]) if row else DEFAULT_SOURCE


def salable_quantity(shop: Shop, sku: str, stock_id: int) -> Decimal:
    """What may still be sold of a SKU; source items of status 0 do not count. Below 0 it is an oversale."""
    row = shop.one(
        "SELECT (SELECT coalesce(sum(item.quantity), 0) FROM source_items item"
        "  JOIN stock_source_links link ON link.source_code = item.source_code"
        "  WHERE item.sku = ?1 AND item.status = 1 AND link.stock_id = ?2)"
        " + (SELECT coalesce(sum(quantity), 0) FROM reservations WHERE sku = ?1 AND stock_id = ?2) AS n",
        sku,
        stock_id,
    )
    return decimal(row["n"] if row else 0) - _settings(shop, sku).min_qty


def can_sell(shop: Shop, sku: str, quantity: Decimal, store_id: int) -> bool:
    """True if the store view may sell so many more; backorders sell what is not there."""
    return _settings(shop, sku).backorders or quantity <= salable_quantity(shop, sku, stock_of(shop, store_id))


def _settings(shop: Shop, sku: str) -> StockSettings:
    row = shop.one("SELECT stock FROM products WHERE sku = ?", sku)
    return stock_settings(row["stock"] if row else "{}")


def get_salable_quantity(shop: Shop, call: Call) -> int | float:
    """GET /V1/inventory/get-product-salable-quantity/:sku/:stockId. An unknown SKU is a crash, not a 404."""
    sku, stock_id = call.params["sku"], _stock_id(shop, call.params["stockId"])
    row = shop.one("SELECT type_id, stock FROM products WHERE sku = ?", sku)
    if row is None or stock_id is None:
        raise CrashError
    if row["type_id"] == "configurable":
        raise RestError(400, "Can't check requested quantity for products without Source Items support.")
    left = salable_quantity(shop, sku, stock_id)
    return number(left if stock_settings(row["stock"]).backorders else max(Decimal(0), left))


def get_is_salable(shop: Shop, call: Call) -> bool:
    """GET /V1/inventory/is-product-salable/:sku/:stockId. False for what is not there at all."""
    return _is_salable(shop, call.params["sku"], call.params["stockId"])


def list_salable(shop: Shop, call: Call) -> list[Json]:
    """GET /V1/inventory/are-products-salable?skus[0]=...&stockId=..."""
    stock_id = dict(call.query).get("stockId", "")
    skus = [value for key, value in call.query if key.startswith("skus") and PART.search(key)]
    return [
        {"sku": sku, "stock_id": int(stock_id), "salable": _is_salable(shop, sku, stock_id)}
        for sku in skus
        if stock_id.isdigit()
    ]


def _is_salable(shop: Shop, sku: str, sent_stock: str) -> bool:
    stock_id = _stock_id(shop, sent_stock)
    row = shop.one("SELECT type_id, stock FROM products WHERE sku = ?", sku)
    if row is None or stock_id is None:
        return False
    settings = stock_settings(row["stock"])
    if row["type_id"] == "configurable":
        return settings.is_in_stock
    return settings.backorders or salable_quantity(shop, sku, stock_id) > 0


def _stock_id(shop: Shop, sent: str) -> int | None:
    return int(sent) if sent.isdigit() and int(sent) in shop.premises.stocks else None


def reserve(shop: Shop, sku: str, quantity: Decimal, order: Json, event: str) -> None:
    """Add a reservation in the stock of the order's website: negative when sold, positive when shipped, invoiced
    (virtual), cancelled or refunded."""
    shop.connection.execute(
        "INSERT INTO reservations(sku, stock_id, quantity, order_increment_id, event) VALUES (?, ?, ?, ?, ?)",
        (sku, stock_of(shop, order["store_id"]), float(quantity), order["increment_id"], event),
    )


def take_from_source(shop: Shop, sku: str, source: str, quantity: Decimal) -> bool:
    """Take goods off a source. False, and nothing happens, if the source has not that many or no such item."""
    changed = shop.connection.execute(
        "UPDATE source_items SET quantity = quantity - ?1 WHERE sku = ?2 AND source_code = ?3 AND quantity >= ?1",
        (float(quantity), sku, source),
    )
    return changed.rowcount == 1


def put_source_items(shop: Shop, items: Sequence[SourceItem]) -> None:
    """Write absolute quantities. Those of the ``default`` source are the legacy stock item's, too."""
    shop.connection.executemany(
        "INSERT INTO source_items(sku, source_code, quantity, status) VALUES (?, ?, ?, ?)"
        " ON CONFLICT(sku, source_code) DO UPDATE SET quantity = excluded.quantity, status = excluded.status",
        items,
    )
    for sku, source, _, status in items:
        if source.lower() == DEFAULT_SOURCE:
            put_default_stock(shop, sku, is_in_stock=status == 1)


ROUTES = (
    Route(
        "GET",
        "/V1/inventory/get-product-salable-quantity/:sku/:stockId",
        "Magento_InventorySalesApi::stock",
        get_salable_quantity,
    ),
    Route("GET", "/V1/inventory/is-product-salable/:sku/:stockId", "Magento_InventorySalesApi::stock", get_is_salable),
    Route("GET", "/V1/inventory/are-products-salable", "Magento_InventorySalesApi::stock", list_salable),
)
