"""Products: the catalogue as rows, and as REST shows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.sandbox.catalogue import CHILDREN, SOURCES, Product, ProductKind
from app.sandbox.lag import as_of
from app.sandbox.magento.errors import RestError, missing
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import Table, eav_unknown, read_criteria, to_sql
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.tables import PRODUCT_COLUMNS
from app.sandbox.magento.typed import read_parameters

SHADE_ATTRIBUTE = "137"
"""Attribute id of the option that tells a configurable's children apart."""
FIRST_SHADE = 4
SHADES = {colour: FIRST_SHADE + index for index, colour in enumerate(CHILDREN)}

NOT_VISIBLE = 1
CATALOGUE_AND_SEARCH = 4
DEFAULT_ATTRIBUTE_SET = 4
KINDS = frozenset(ProductKind)

LIST_TABLE = Table(
    columns={
        name: name
        for name in ("entity_id", "sku", "name", "price", "type_id", "status", "visibility", "weight", "created_at")
    }
    | {"updated_at": "updated_at", "price": "CAST(price AS REAL)", "weight": "CAST(weight AS REAL)"},
    numeric=frozenset({"entity_id", "price", "status", "visibility", "weight"}),
    unknown=eav_unknown,
)


def seed_products(shop: Shop, goods: Iterable[Product]) -> None:
    """Put the catalogue into an empty shop, with its source items."""
    parents: dict[str, int] = {}
    for product in goods:
        entity_id = insert_product(
            shop,
            sku=product.sku,
            name=product.name,
            type_id=product.kind.value,
            price=product.price if product.kind is not ProductKind.CONFIGURABLE else Decimal(0),
            parent_id=parents.get(product.parent),
            shade=SHADES.get(product.colour),
        )
        if product.kind is ProductKind.CONFIGURABLE:
            parents[product.sku] = entity_id
        shop.connection.executemany(
            "INSERT INTO source_items(sku, source_code, quantity, status) VALUES (?, ?, ?, ?)",
            [
                (product.sku, SOURCES[location], quantity, 1 if quantity else 0)
                for location, quantity in product.stock.items()
            ],
        )


def insert_product(
    shop: Shop,
    *,
    sku: str,
    name: str,
    type_id: str,
    price: Decimal,
    parent_id: int | None = None,
    shade: int | None = None,
) -> int:
    """A new product, with the source item of the ``default`` source that Magento gives it. Returns its id."""
    entity_id = shop.next_id("product")
    now = shop.now()
    shop.connection.execute(
        "INSERT INTO products(entity_id, sku, type_id, name, price, attribute_set_id, status, visibility, weight,"
        " parent_id, shade, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
        (
            entity_id,
            sku,
            type_id,
            name,
            str(price),
            DEFAULT_ATTRIBUTE_SET,
            CATALOGUE_AND_SEARCH if shade is None else NOT_VISIBLE,
            "1" if type_id == ProductKind.SIMPLE else None,
            parent_id,
            shade,
            now,
            now,
        ),
    )
    if type_id != ProductKind.CONFIGURABLE:
        shop.connection.execute(
            "INSERT OR IGNORE INTO source_items(sku, source_code, quantity, status) VALUES (?, 'default', 0, 1)", (sku,)
        )
    return entity_id


def find_product(shop: Shop, sku: str) -> sqlite3.Row:
    """The product of a SKU; 404 if there is none."""
    row = shop.one("SELECT * FROM products WHERE sku = ?", sku)
    if row is None:
        raise RestError(404, "The product that was requested doesn't exist. Verify the product and try again.")
    return row


def get_product(shop: Shop, call: Call) -> Json:
    """GET /V1/products/:sku."""
    return product_document(shop, find_product(shop, call.params["sku"]))


def list_products(shop: Shop, call: Call) -> Json:
    """GET /V1/products."""
    criteria = read_criteria(call.query)
    selection = to_sql(criteria, LIST_TABLE)
    source = as_of("products", PRODUCT_COLUMNS, call.lag)
    count = shop.one(f"SELECT count(*) AS n FROM {source}{selection.where}", *selection.values)  # noqa: S608
    rows = shop.connection.execute(
        f"SELECT * FROM {source}{selection.where}{selection.order}{selection.limit}",  # noqa: S608 - our expressions
        selection.values,
    )
    return {
        "items": [product_document(shop, row) for row in rows],
        "search_criteria": criteria.echo(),
        "total_count": count["n"] if count else 0,
    }


def save_product(shop: Shop, call: Call) -> Json:
    """POST /V1/products: an upsert by SKU that keeps what is not sent."""
    product = read_parameters(call.body, {"product": "Product", "saveOptions": "boolean?"})["product"]
    if not product.get("sku"):
        raise missing("sku")
    call.resource_key = product["sku"]
    row = shop.one("SELECT * FROM products WHERE sku = ?", product["sku"])
    entity_id = _create(shop, product) if row is None else _update(shop, row, product)
    saved = shop.one("SELECT * FROM products WHERE entity_id = ?", entity_id)
    assert saved is not None  # noqa: S101 - written just now
    return product_document(shop, saved)


def _create(shop: Shop, product: Json) -> int:
    for name in ("name", "attribute_set_id", "price", "type_id"):
        if product.get(name) is None:
            raise RestError(400, 'The "%1" attribute value is empty. Set the attribute and try again.', [name])
    if product["type_id"] not in KINDS:
        raise RestError(400, f'The "{product["type_id"]}" product type is not sold by this sandbox.')
    entity_id = insert_product(
        shop,
        sku=product["sku"],
        name=product["name"],
        type_id=product["type_id"],
        price=decimal(product["price"]) if product["type_id"] != ProductKind.CONFIGURABLE else Decimal(0),
        shade=_sent_shade(product),
    )
    links = product.get("extension_attributes", {}).get("configurable_product_links") or []
    shop.connection.executemany(
        "UPDATE products SET parent_id = ? WHERE entity_id = ?", [(entity_id, link) for link in links]
    )
    return entity_id


def _sent_shade(product: Json) -> int | None:
    values = {item["attribute_code"]: item.get("value") for item in product.get("custom_attributes") or []}
    return int(values["shade"]) if values.get("shade") else None


def _update(shop: Shop, row: sqlite3.Row, product: Json) -> int:
    columns = {name: product[name] for name in ("name", "status", "visibility") if product.get(name) is not None}
    if product.get("price") is not None:
        columns["price"] = str(product["price"])
    assignments = ", ".join(f"{name} = ?" for name in [*columns, "updated_at"])
    shop.connection.execute(
        f"UPDATE products SET {assignments} WHERE entity_id = ?",  # noqa: S608 - our column names
        (*columns.values(), shop.now(), row["entity_id"]),
    )
    return int(row["entity_id"])


def product_document(shop: Shop, row: sqlite3.Row) -> Json:
    """A product as REST shows it."""
    document: Json = {
        "id": row["entity_id"],
        "sku": row["sku"],
        "name": row["name"],
        "attribute_set_id": row["attribute_set_id"],
        "price": number(Decimal(row["price"])),
        "status": row["status"],
        "visibility": row["visibility"],
        "type_id": row["type_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    if row["weight"] is not None:
        document["weight"] = number(Decimal(row["weight"]))
    document["extension_attributes"] = {"website_ids": [1], "stock_item": _stock_item(row)} | _links(shop, row)
    document |= {"product_links": [], "options": [], "media_gallery_entries": [], "tier_prices": []}
    document["custom_attributes"] = _custom_attributes(row)
    return document


def _links(shop: Shop, row: sqlite3.Row) -> Json:
    if row["type_id"] != ProductKind.CONFIGURABLE:
        return {}
    children = shop.connection.execute(
        "SELECT entity_id, shade FROM products WHERE parent_id = ? ORDER BY entity_id", (row["entity_id"],)
    ).fetchall()
    option = {
        "id": row["entity_id"],
        "attribute_id": SHADE_ATTRIBUTE,
        "label": "Shade",
        "position": 0,
        "values": [{"value_index": child["shade"]} for child in children],
        "product_id": row["entity_id"],
    }
    return {
        "configurable_product_options": [option],
        "configurable_product_links": [child["entity_id"] for child in children],
    }


def _stock_item(row: sqlite3.Row) -> Json:
    """The legacy view of stock. It shows the ``default`` source only, which this shop does not use."""
    is_parent = row["type_id"] == ProductKind.CONFIGURABLE
    return {
        "item_id": row["entity_id"],
        "product_id": row["entity_id"],
        "stock_id": 1,
        "qty": 0 if is_parent else None,
        "is_in_stock": is_parent,
        "is_qty_decimal": False,
        "show_default_notification_message": False,
        "use_config_min_qty": True,
        "min_qty": 0,
        "use_config_min_sale_qty": 1,
        "min_sale_qty": 1,
        "use_config_max_sale_qty": True,
        "max_sale_qty": 10000,
        "use_config_backorders": True,
        "backorders": 0,
        "use_config_notify_stock_qty": True,
        "notify_stock_qty": 1,
        "use_config_qty_increments": True,
        "qty_increments": 0,
        "use_config_enable_qty_inc": True,
        "enable_qty_increments": False,
        "use_config_manage_stock": True,
        "manage_stock": True,
        "low_stock_date": None,
        "is_decimal_divided": False,
        "stock_status_changed_auto": 1 if is_parent else 0,
    }


def _custom_attributes(row: sqlite3.Row) -> list[Json]:
    values: dict[str, Any] = {
        "options_container": "container2",
        "msrp_display_actual_price_type": "0",
        "url_key": str(row["name"]).lower().replace(" ", "-"),
        "required_options": "0",
        "has_options": "0",
        "tax_class_id": "2",
    }
    if row["shade"] is not None:
        values["shade"] = str(row["shade"])
    values["category_ids"] = []
    return [{"attribute_code": code, "value": value} for code, value in values.items()]


ROUTES = (
    Route("GET", "/V1/products", "Magento_Catalog::products", list_products, lists=True),
    Route("GET", "/V1/products/:sku", "Magento_Catalog::products", get_product),
    Route("POST", "/V1/products", "Magento_Catalog::products", save_product),
)
