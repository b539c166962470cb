"""Legacy stock items. They show and write the ``default`` source only, whatever other sources hold."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import orjson

from app.sandbox.catalogue import ProductKind
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop, number
from app.sandbox.magento.stock import put_source_items
from app.sandbox.magento.stock_settings import DEFAULTS, GIVEN, IN_STOCK, change_settings, effective_settings
from app.sandbox.magento.typed import read_parameters
from app.sandbox.premises import DEFAULT_SOURCE, DEFAULT_STOCK


def stock_item_document(shop: Shop, row: sqlite3.Row) -> Json:
    """The stock item of a product's row. ``qty`` is null until the default source is written for the first time."""
    stored: Json = orjson.loads(row["stock"])
    is_parent = row["type_id"] == ProductKind.CONFIGURABLE
    shown = effective_settings(stored) | {"stock_status_changed_auto": int(is_parent)}
    return {
        "item_id": row["entity_id"],
        "product_id": row["entity_id"],
        "stock_id": DEFAULT_STOCK,
        "qty": 0 if is_parent else _default_quantity(shop, row["sku"]) if stored.get(GIVEN) else None,
        "is_in_stock": bool(stored.get(IN_STOCK, False)),
        **shown,
    }


def _default_quantity(shop: Shop, sku: str) -> int | float:
    row = shop.one("SELECT quantity FROM source_items WHERE sku = ? AND source_code = ?", sku, DEFAULT_SOURCE)
    return number(Decimal(str(row["quantity"]))) if row else 0


def write_stock_item(shop: Shop, row: sqlite3.Row, sent: Json) -> None:
    """Merge what is sent into the stock item. A quantity goes to the default source and does not raise
    ``is_in_stock``; a parent has the flag alone; what is sent as it is shown changes nothing."""
    sku = row["sku"]
    was_in_stock = bool(orjson.loads(row["stock"]).get(IN_STOCK, False))
    in_stock = was_in_stock if sent.get(IN_STOCK) is None else sent[IN_STOCK] not in (False, 0, "", "0", "false")
    settings = {name: sent[name] for name in DEFAULTS if sent.get(name) is not None}
    change_settings(shop, sku, settings | {IN_STOCK: in_stock})
    moves_stock = sent.get("qty") is not None or in_stock is not was_in_stock
    if moves_stock and row["type_id"] != ProductKind.CONFIGURABLE:
        quantity = sent["qty"] if sent.get("qty") is not None else _default_quantity(shop, sku)
        put_source_items(shop, [(sku, DEFAULT_SOURCE, float(quantity), int(in_stock))])


def get_stock_item(shop: Shop, call: Call) -> Json:
    """GET /V1/stockItems/:productSku."""
    return stock_item_document(shop, _product(shop, call.params["productSku"]))


def update_stock_item(shop: Shop, call: Call) -> int:
    """PUT /V1/products/:productSku/stockItems/:itemId. The SKU decides; any item id passes."""
    sent = read_parameters(call.body, {"stockItem": "StockItem"})["stockItem"]
    call.resource_key = call.params["productSku"]
    row = _product(shop, call.params["productSku"])
    write_stock_item(shop, row, sent)
    return int(row["entity_id"])


def _product(shop: Shop, sku: str) -> sqlite3.Row:
    row = shop.one("SELECT * FROM products WHERE sku = ?", sku)
    if row is None:
        raise RestError(404, 'The Product with the "%1" SKU doesn\'t exist.', [sku])
    return row


ROUTES = (
    Route("GET", "/V1/stockItems/:productSku", "Magento_Catalog::catalog_inventory", get_stock_item),
    Route(
        "PUT",
        "/V1/products/:productSku/stockItems/:itemId",
        "Magento_Catalog::catalog_inventory",
        update_stock_item,
    ),
)
