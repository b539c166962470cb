"""Invoices, shipments and credit memos are kept alike: a row with a document. This keeps and lists them."""

from __future__ import annotations

from typing import Literal

import orjson

from app.sandbox.magento.errors import not_found
from app.sandbox.magento.listing import list_rows
from app.sandbox.magento.search import Table, flat_unknown
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.tables import DOCUMENT_COLUMNS

Kind = Literal["invoices", "shipments", "creditmemos"]

OF_DOCUMENT = ("state", "store_id", "invoice_id", "grand_total", "total_qty")
"""What can be filtered by and has no column."""

LIST_TABLE = Table(
    columns={name: name for name in DOCUMENT_COLUMNS if name != "document"}
    | {name: f"json_extract(document, '$.{name}')" for name in OF_DOCUMENT},
    numeric=frozenset({"entity_id", "order_id", *OF_DOCUMENT}),
    unknown=flat_unknown,
)


def keep(shop: Shop, kind: Kind, document: Json) -> None:
    """Store a new document."""
    row = (*(document[name] for name in DOCUMENT_COLUMNS[:-1]), orjson.dumps(document).decode())
    marks = ", ".join("?" * len(row))
    shop.connection.execute(f"INSERT INTO {kind}({', '.join(DOCUMENT_COLUMNS)}) VALUES ({marks})", row)  # noqa: S608


def change(shop: Shop, kind: Kind, document: Json) -> None:
    """Store a document that was changed. Whether ``updated_at`` moved with it is for the caller to say in it."""
    shop.connection.execute(
        f"UPDATE {kind} SET updated_at = ?, document = ? WHERE entity_id = ?",  # noqa: S608
        (document["updated_at"], orjson.dumps(document).decode(), document["entity_id"]),
    )


def load(shop: Shop, kind: Kind, entity_id: str | int) -> Json:
    """One document by its id; 404 if there is none."""
    row = shop.one(f"SELECT document FROM {kind} WHERE entity_id = ?", entity_id)  # noqa: S608
    if row is None:
        raise not_found()
    document: Json = orjson.loads(row["document"])
    return document


def get(shop: Shop, kind: Kind, call: Call) -> Json:
    """The document that the path names; 404 if there is none."""
    return load(shop, kind, call.params["id"])


def of_order(shop: Shop, kind: Kind, order_id: int) -> list[Json]:
    """An order's documents, oldest first."""
    rows = shop.connection.execute(
        f"SELECT document FROM {kind} WHERE order_id = ? ORDER BY entity_id",  # noqa: S608
        (order_id,),
    )
    return [orjson.loads(row["document"]) for row in rows]


def money_head(order: Json, now: str) -> Json:
    """What an invoice and a credit memo of an order begin with: its currencies, addresses and store."""
    head: Json = {
        "base_currency_code": "USD",
        "base_to_global_rate": 1,
        "base_to_order_rate": 1,
        "billing_address_id": order["billing_address_id"],
        "created_at": now,
        "global_currency_code": "USD",
        "order_currency_code": "USD",
        "order_id": order["entity_id"],
        "store_currency_code": "USD",
        "store_id": order["store_id"],
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "updated_at": now,
    }
    if order.get("discount_description"):
        head["discount_description"] = order["discount_description"]
    for assignment in (order.get("extension_attributes") or {}).get("shipping_assignments") or ():
        if "address" in assignment["shipping"]:
            head["shipping_address_id"] = assignment["shipping"]["address"]["entity_id"]
    return head


def find(shop: Shop, kind: Kind, call: Call) -> Json:
    """A list by searchCriteria."""
    return list_rows(shop, call, (kind, DOCUMENT_COLUMNS), LIST_TABLE, lambda row: orjson.loads(row["document"]))
