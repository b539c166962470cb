"""Products as rows: their global values, what a store view has instead, and how the catalogue becomes rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.sandbox.catalogue import Product, ProductKind
from app.sandbox.magento.attributes import ATTRIBUTES, DEFAULT_ATTRIBUTE_SET, DEFAULT_TAX_CLASS, SHADES, Scope
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.shop import ALL_STORES, Json, Shop
from app.sandbox.magento.stock import put_source_items
from app.sandbox.magento.stock_settings import IN_STOCK
from app.sandbox.premises import DEFAULT_SOURCE

NOT_VISIBLE = 1
CATALOGUE_AND_SEARCH = 4
ENABLED = 1

COLUMNS = ("name", "price", "status", "visibility", "weight", "shade")
"""Attributes with a column of their own for the global value."""
DECIMALS = ("price", "weight")

Values = Mapping[str, Any]
"""Attribute code -> value."""


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What a product is made of."""

    sku: str
    type_id: str
    values: Values
    attribute_set_id: int = DEFAULT_ATTRIBUTE_SET
    website_ids: tuple[int, ...] = (1,)
    parent_id: int | None = None


def seed_products(shop: Shop, goods: Iterable[Product]) -> None:
    """Put the catalogue into an empty shop, on every website, with its source items."""
    everywhere = tuple(website.website_id for website in shop.premises.websites)
    parents: dict[str, int] = {}
    for product in goods:
        is_parent = product.kind is ProductKind.CONFIGURABLE
        values: Json = {"name": product.name, "price": 0 if is_parent else product.price}
        if product.colour:
            values |= {"shade": SHADES[product.colour], "visibility": NOT_VISIBLE}
        new = NewProduct(
            product.sku,
            product.kind.value,
            values,
            website_ids=everywhere,
            parent_id=parents.get(product.parent),
        )
        entity_id = insert_product(shop, new, stock={IN_STOCK: True} if is_parent else None)
        if is_parent:
            parents[product.sku] = entity_id
        put_source_items(
            shop,
            [
                (product.sku, shop.premises.sources[location], quantity, int(quantity > 0))
                for location, quantity in product.stock.items()
            ],
        )


def insert_product(shop: Shop, new: NewProduct, stock: Json | None = None) -> int:
    """A new product, with the source item of the ``default`` source that Magento gives it. Returns its id."""
    entity_id = shop.next_id("product")
    now = shop.now()
    first: Json = {
        "status": ENABLED,
        "visibility": CATALOGUE_AND_SEARCH,
        "weight": 1 if new.type_id == ProductKind.SIMPLE else None,
        "url_key": str(new.values["name"]).lower().replace(" ", "-"),
        "tax_class_id": DEFAULT_TAX_CLASS,
    }
    values = first | dict(new.values)
    attributes = {code: value for code, value in values.items() if code not in COLUMNS}
    row: Json = {
        "entity_id": entity_id,
        "sku": new.sku,
        "type_id": new.type_id,
        "attribute_set_id": new.attribute_set_id,
        "parent_id": new.parent_id,
        "attributes": orjson.dumps(attributes).decode(),
        "website_ids": orjson.dumps(new.website_ids).decode(),
        "options": "[]",
        "stock": orjson.dumps(stock or {}).decode(),
        "created_at": now,
        "updated_at": now,
        **{code: _stored(code, values.get(code)) for code in COLUMNS},
    }
    shop.connection.execute(
        f"INSERT INTO products({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608 - our columns
        tuple(row.values()),
    )
    if new.type_id != ProductKind.CONFIGURABLE:
        shop.connection.execute(
            "INSERT OR IGNORE INTO source_items(sku, source_code, quantity, status) VALUES (?, ?, 0, 1)",
            (new.sku, DEFAULT_SOURCE),
        )
    return entity_id


def _stored(code: str, value: object) -> object:
    if value is None:
        return None
    return str(value) if code in DECIMALS else int(str(value)) if code != "name" else str(value)


def find_product(shop: Shop, sku: str) -> sqlite3.Row:
    """The product of a SKU; 404 if there is none."""
    row = shop.one("SELECT * FROM products WHERE sku = ?", sku)
    if row is None:
        raise RestError(404, "The product that was requested doesn't exist. Verify the product and try again.")
    return row


def values_at(shop: Shop, row: sqlite3.Row, store_id: int) -> Json:
    """The values of a product as a store view shows them; at ``ALL_STORES`` the global ones."""
    values: Json = {code: row[code] for code in COLUMNS} | orjson.loads(row["attributes"])
    own = shop.connection.execute(
        "SELECT code, value FROM product_values WHERE product_id = ? AND store_id = ?", (row["entity_id"], store_id)
    )
    return values | {found["code"]: orjson.loads(found["value"]) for found in own}


def write_values(shop: Shop, row: sqlite3.Row, values: Values, store_id: int) -> None:
    """Write values at a store view, or the global ones at ``ALL_STORES``; what is kept only once is always global.

    Null takes a store view's own value away, and an attribute's global one.
    """
    at_store = {
        code: value
        for code, value in values.items()
        if store_id != ALL_STORES and ATTRIBUTES[code].scope is not Scope.GLOBAL
    }
    for code, value in at_store.items():
        _write_at_store(shop, row["entity_id"], store_id, code, value)
    rest = {code: value for code, value in values.items() if code not in at_store}
    if rest:
        _write_globally(shop, row, rest)


def _write_at_store(shop: Shop, product_id: int, store_id: int, code: str, value: object) -> None:
    if value is None:
        shop.connection.execute(
            "DELETE FROM product_values WHERE product_id = ? AND store_id = ? AND code = ?",
            (product_id, store_id, code),
        )
        return
    shop.connection.execute(
        "INSERT INTO product_values(product_id, store_id, code, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT(product_id, store_id, code) DO UPDATE SET value = excluded.value",
        (product_id, store_id, code, orjson.dumps(value).decode()),
    )


def _write_globally(shop: Shop, row: sqlite3.Row, values: Values) -> None:
    attributes: Json = orjson.loads(row["attributes"])
    columns: Json = {}
    for code, value in values.items():
        if code in COLUMNS:
            columns[code] = _stored(code, value)
        elif value is None:
            attributes.pop(code, None)
        else:
            attributes[code] = value
    columns["attributes"] = orjson.dumps(attributes).decode()
    change_row(shop, row["entity_id"], columns)


def change_row(shop: Shop, entity_id: int, columns: Json) -> None:
    """Write columns of a product's row; ``updated_at`` moves only if it is one of them."""
    assignments = ", ".join(f"{name} = ?" for name in columns)
    shop.connection.execute(
        f"UPDATE products SET {assignments} WHERE entity_id = ?",  # noqa: S608 - our column names
        (*columns.values(), entity_id),
    )


def is_sold_at(shop: Shop, row: sqlite3.Row, store_id: int) -> bool:
    """True if the store view's website has the product and it is enabled there."""
    website = shop.premises.website_of(store_id)
    return (
        website.website_id in orjson.loads(row["website_ids"]) and values_at(shop, row, store_id)["status"] == ENABLED
    )
