"""Source items: what each source holds of each SKU, as the shop's owner says it."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from app.sandbox.magento.errors import ErrorItem, RestError
from app.sandbox.magento.listing import list_rows
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import Table, flat_unknown
from app.sandbox.magento.shop import Call, Json, Shop, number
from app.sandbox.magento.stock import put_source_items
from app.sandbox.magento.tables import SOURCE_ITEM_COLUMNS
from app.sandbox.magento.typed import read_parameters

LIST_TABLE = Table(
    columns={name: name for name in SOURCE_ITEM_COLUMNS},
    numeric=frozenset({"source_item_id", "quantity", "status"}),
    unknown=flat_unknown,
)


def list_source_items(shop: Shop, call: Call) -> Json:
    """GET /V1/inventory/source-items."""
    return list_rows(
        shop, call, ("source_items", SOURCE_ITEM_COLUMNS), LIST_TABLE, _shown, unsorted=" ORDER BY source_item_id"
    )


def _shown(row: sqlite3.Row) -> Json:
    return {
        "sku": row["sku"],
        "source_code": row["source_code"],
        "quantity": number(Decimal(str(row["quantity"]))),
        "status": row["status"],
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
    if any(row["source_code"].lower() not in shop.premises.source_codes for row in rows):
        raise RestError(400, "Could not save Source Item")
    put_source_items(shop, [(row["sku"], row["source_code"], row["quantity"], row["status"]) for row in rows])
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


ROUTES = (
    Route("GET", "/V1/inventory/source-items", "Magento_InventoryApi::source", list_source_items, lists=True),
    Route("POST", "/V1/inventory/source-items", "Magento_InventoryApi::source", write_source_items),
)
