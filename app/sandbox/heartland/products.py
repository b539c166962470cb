"""The catalogue, and filling an empty account with the shop's goods."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import timedelta

from app.sandbox.catalogue import Product
from app.sandbox.heartland.account import CURRENCY, MICROSECOND, Account, Call, utc_now
from app.sandbox.heartland.errors import not_found
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.values import Json, decimal, text, write_moment


def list_products(account: Account, call: Call) -> Json:
    """GET /v1/products."""
    return list_page(account, call, LISTING)


def get_product(account: Account, call: Call) -> Json:
    """GET /v1/products/{SKU}."""
    return _show(_row(account, call.params["SKU"]))


def update_product(account: Account, call: Call) -> Json:
    """PUT /v1/products/{SKU}."""
    row = _row(account, call.params["SKU"])
    before = _show(row)
    if before | call.body == before:
        return before
    price = call.body.get("Price")
    account.connection.execute(
        "UPDATE products SET external_id = ?, name = ?, price = ?, active = ?, updated_at = ? WHERE sku = ?",
        (
            call.body.get("ExternalID", row["external_id"]),
            call.body.get("Name", row["name"]),
            row["price"] if price is None else text(price),
            call.body.get("Active", row["active"]),
            call.now,
            row["sku"],
        ),
    )
    return _show(_row(account, row["sku"]))


def seed_products(account: Account, goods: Iterable[Product]) -> None:
    """Put goods and their stock into an empty account, as if yesterday; every product has its own moment."""
    yesterday = utc_now() - timedelta(days=1)
    for number, product in enumerate(goods):
        insert_product(account, product, write_moment(yesterday + number * MICROSECOND))


def insert_product(account: Account, product: Product, now: str) -> None:
    """A new product with a stock row at every location of the account."""
    account.connection.execute(
        "INSERT INTO products(sku, external_id, name, price, active, updated_at) VALUES (?, '', ?, ?, 1, ?)",
        (product.sku, product.name, text(product.price), now),
    )
    account.connection.executemany(
        "INSERT INTO inventory(sku, location_id, external_id, on_hand, committed, updated_at)"
        " VALUES (?, ?, '', ?, '0', ?)",
        [(product.sku, location, str(product.stock.get(location, 0)), now) for location in account.locations],
    )


def _row(account: Account, sku: str) -> sqlite3.Row:
    row = account.one("SELECT * FROM products WHERE sku = ?", sku)
    if row is None:
        raise not_found(f"Product '{sku}'")
    return row


def _show(row: sqlite3.Row) -> Json:
    return {
        "SKU": row["sku"],
        "ExternalID": row["external_id"] or None,
        "Name": row["name"],
        "Price": decimal(row["price"]),
        "Currency": CURRENCY,
        "Active": bool(row["active"]),
        "UpdatedAt": row["updated_at"],
    }


LISTING = Listing("products", "sku", _show, {"sku": "sku"})
HANDLERS = (list_products, get_product, update_product)
