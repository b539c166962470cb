"""Multi-source stock: source items, reservations, and what is left to sell.

Salable = what the stock's sources hold + reservations (which are negative). Placing an order only reserves; shipping
takes the goods from a source and releases the reservation.
"""

from __future__ import annotations

from decimal import Decimal

from app.sandbox.lag import as_of
from app.sandbox.magento.errors import CrashError, ErrorItem, RestError
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import Table, flat_unknown, read_criteria, to_sql
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.tables import SOURCE_ITEM_COLUMNS
from app.sandbox.magento.typed import read_parameters

STOCK_ID = "2"
"""The website's stock; Magento's own default stock (1) is not used."""
STOCK_SOURCES = ("main", "store2")
ALL_SOURCES = ("default", *STOCK_SOURCES)
FIRST_SOURCE = "main"
"""The source of the highest priority, which an invoice takes virtual goods from."""

LIST_TABLE = Table(
    columns={name: name for name in SOURCE_ITEM_COLUMNS},
    numeric=frozenset({"source_item_id", "quantity", "status"}),
    unknown=flat_unknown,
)


def list_source_items(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/source-items."""
    criteria = read_criteria(call.query)
    selection = to_sql(criteria, LIST_TABLE)
    source = as_of("source_items", SOURCE_ITEM_COLUMNS, call.lag)
    count = shop.one(f"SELECT count(*) AS n FROM {source}{selection.where}", *selection.values)  # noqa: S608
    rows = shop.connection.execute(
        f"SELECT * FROM {source}{selection.where}{selection.order or ' ORDER BY source_item_id'}{selection.limit}",  # noqa: S608
        selection.values,
    )
    return {
        "items": [
            {
                "sku": row["sku"],
                "source_code": row["source_code"],
                "quantity": number(Decimal(str(row["quantity"]))),
                "status": row["status"],
            }
            for row in rows
        ],
        "search_criteria": criteria.echo(),
        "total_count": count["n"] if count else 0,
    }


def write_source_items(shop: Shop, call: Call) -> list[object]:
    """POST /V1/inventory/source-items: absolute quantities, all rows or none. SKUs are not checked."""
    rows = read_parameters(call.body, {"sourceItems": "array<SourceItem>"})["sourceItems"]
    call.resource_key = ",".join(str(row.get("sku", "")) for row in rows)
    if not rows:
        raise RestError(400, "Input data is empty")
    errors = [error for row in rows for error in _row_errors(row)]
    if errors:
        raise RestError(400, f"Validation Failed: {_filled(errors[0])}", errors=errors)
    if any(row["source_code"].lower() not in ALL_SOURCES for row in rows):
        raise RestError(400, "Could not save Source Item")
    shop.connection.executemany(
        "INSERT INTO source_items(sku, source_code, quantity, status) VALUES (?, ?, ?, ?)"
        " ON CONFLICT(sku, source_code) DO UPDATE SET quantity = excluded.quantity, status = excluded.status",
        [(row["sku"], row["source_code"], row["quantity"], row["status"]) for row in rows],
    )
    return []


def _row_errors(row: Json) -> list[ErrorItem]:
    errors = [
        ErrorItem('"%field" can not be empty.', {"field": name})
        for name in ("sku", "source_code")
        if not str(row.get(name) or "").strip()
    ]
    if row.get("quantity") is None:
        errors.append(ErrorItem('"%field" should be numeric.', {"field": "quantity"}))
    if row.get("status") not in (0, 1):
        errors.append(ErrorItem('"%field" should a known status.', {"field": "status"}))
    return errors


def _filled(error: ErrorItem) -> str:
    assert isinstance(error.parameters, dict)  # noqa: S101 - made above
    return error.message.replace("%field", str(error.parameters["field"]))


def get_salable_quantity(shop: Shop, call: Call) -> int | float:
    """GET /V1/inventory/get-product-salable-quantity/:sku/:stockId. An unknown SKU is a crash, not a 404."""
    row = shop.one("SELECT type_id FROM products WHERE sku = ?", call.params["sku"])
    if row is None or call.params["stockId"] != STOCK_ID:
        raise CrashError
    if row["type_id"] == "configurable":
        raise RestError(400, "Can't check requested quantity for products without Source Items support.")
    return number(max(Decimal(0), salable_quantity(shop, call.params["sku"])))


def get_is_salable(shop: Shop, call: Call) -> bool:
    """GET /V1/inventory/is-product-salable/:sku/:stockId."""
    return call.params["stockId"] == STOCK_ID and salable_quantity(shop, call.params["sku"]) > 0


def salable_quantity(shop: Shop, sku: str) -> Decimal:
    """What may still be sold of a SKU; source items of status 0 do not count."""
    row = shop.one(
        "SELECT (SELECT coalesce(sum(quantity), 0) FROM source_items"
        "  WHERE sku = ?1 AND status = 1 AND source_code IN ('main', 'store2'))"
        " + (SELECT coalesce(sum(quantity), 0) FROM reservations WHERE sku = ?1) AS n",
        sku,
    )
    return decimal(row["n"]) if row else Decimal(0)


def reserve(shop: Shop, sku: str, quantity: Decimal, *, increment_id: str, event: str) -> None:
    """Add a reservation: negative when sold, positive when shipped, invoiced (virtual) or cancelled."""
    shop.connection.execute(
        "INSERT INTO reservations(sku, quantity, order_increment_id, event) VALUES (?, ?, ?, ?)",
        (sku, float(quantity), increment_id, event),
    )


def take_from_source(shop: Shop, sku: str, source: str, quantity: Decimal) -> bool:
    """Take goods off a source. False, and nothing happens, if the source has not that many or no such item."""
    changed = shop.connection.execute(
        "UPDATE source_items SET quantity = quantity - ?1 WHERE sku = ?2 AND source_code = ?3 AND quantity >= ?1",
        (float(quantity), sku, source),
    )
    return changed.rowcount == 1


ROUTES = (
    Route("GET", "/V1/inventory/source-items", "Magento_InventoryApi::source", list_source_items, lists=True),
    Route("POST", "/V1/inventory/source-items", "Magento_InventoryApi::source", write_source_items),
    Route(
        "GET",
        "/V1/inventory/get-product-salable-quantity/:sku/:stockId",
        "Magento_InventorySalesApi::stock",
        get_salable_quantity,
    ),
    Route("GET", "/V1/inventory/is-product-salable/:sku/:stockId", "Magento_InventorySalesApi::stock", get_is_salable),
)
