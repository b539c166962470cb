"""A product as REST shows it at a store view."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

import orjson

from app.sandbox.catalogue import ProductKind
from app.sandbox.magento.attributes import SHADE_ATTRIBUTE
from app.sandbox.magento.media import gallery
from app.sandbox.magento.product_rows import COLUMNS, values_at
from app.sandbox.magento.shop import Json, Shop, number
from app.sandbox.magento.stock_items import stock_item_document
from app.sandbox.magento.tier_prices import product_tier_prices

SYSTEM_ATTRIBUTES = {
    "options_container": "container2",
    "msrp_display_actual_price_type": "0",
    "required_options": "0",
    "has_options": "0",
}


def product_document(shop: Shop, row: sqlite3.Row, store_id: int) -> Json:
    """The document of a product's row, with the values of a store view or the global ones."""
    values = values_at(shop, row, store_id)
    document: Json = {
        "id": row["entity_id"],
        "sku": row["sku"],
        "name": values["name"],
        "attribute_set_id": row["attribute_set_id"],
        "price": number(Decimal(values["price"])),
        "status": values["status"],
        "visibility": values["visibility"],
        "type_id": row["type_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    if values["weight"] is not None:
        document["weight"] = number(Decimal(values["weight"]))
    extension = {"website_ids": orjson.loads(row["website_ids"]), "stock_item": stock_item_document(shop, row)}
    links = [{"position": 0, "category_id": category} for category in values.get("category_ids", [])]
    document["extension_attributes"] = extension | ({"category_links": links} if links else {}) | _links(shop, row)
    document |= {
        "product_links": [],
        "options": orjson.loads(row["options"]),
        "media_gallery_entries": gallery(shop, row["entity_id"]),
        "tier_prices": product_tier_prices(shop, row),
        "custom_attributes": _custom_attributes(values),
    }
    return document


def _links(shop: Shop, row: sqlite3.Row) -> Json:
    if row["type_id"] != ProductKind.CONFIGURABLE:
        return {}
    children = shop.connection.execute(
        "SELECT entity_id, shade FROM products WHERE parent_id = ? ORDER BY entity_id", (row["entity_id"],)
    ).fetchall()
    declared = shop.one("SELECT label, position FROM configurable_options WHERE product_id = ?", row["entity_id"])
    option = {
        "id": row["entity_id"],
        "attribute_id": SHADE_ATTRIBUTE,
        "label": declared["label"] if declared else "Shade",
        "position": declared["position"] if declared else 0,
        "values": [{"value_index": child["shade"]} for child in children],
        "product_id": row["entity_id"],
    }
    return {
        "configurable_product_options": [option] if children or declared else [],
        "configurable_product_links": [child["entity_id"] for child in children],
    }


def _custom_attributes(values: Json) -> list[Json]:
    shown: dict[str, Any] = SYSTEM_ATTRIBUTES | {
        code: value for code, value in values.items() if code not in COLUMNS and code != "category_ids"
    }
    if values["shade"] is not None:
        shown["shade"] = str(values["shade"])
    shown["category_ids"] = values.get("category_ids", [])
    return [{"attribute_code": code, "value": value} for code, value in shown.items()]
