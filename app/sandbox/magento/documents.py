"""Invoices and shipments are kept alike: a row with a document. This keeps and lists them."""

from __future__ import annotations

from typing import Literal

import orjson

from app.sandbox.lag import as_of
from app.sandbox.magento.errors import not_found
from app.sandbox.magento.search import Table, flat_unknown, read_criteria, to_sql
from app.sandbox.magento.shop import Call, Json, Shop
from app.sandbox.magento.tables import DOCUMENT_COLUMNS

Kind = Literal["invoices", "shipments"]

LIST_TABLE = Table(
    columns={name: name for name in DOCUMENT_COLUMNS if name != "document"}
    | {name: f"json_extract(document, '$.{name}')" for name in ("state", "store_id", "grand_total", "total_qty")},
    numeric=frozenset({"entity_id", "order_id", "state", "store_id", "grand_total", "total_qty"}),
    unknown=flat_unknown,
)


def keep(shop: Shop, kind: Kind, document: Json) -> None:
    """Store a new document."""
    row = (*(document[name] for name in DOCUMENT_COLUMNS[:-1]), orjson.dumps(document).decode())
    marks = ", ".join("?" * len(row))
    shop.connection.execute(f"INSERT INTO {kind}({', '.join(DOCUMENT_COLUMNS)}) VALUES ({marks})", row)  # noqa: S608


def get(shop: Shop, kind: Kind, call: Call) -> Json:
    """One document by its id; 404 if there is none."""
    row = shop.one(f"SELECT document FROM {kind} WHERE entity_id = ?", call.params["id"])  # noqa: S608
    if row is None:
        raise not_found()
    document: Json = orjson.loads(row["document"])
    return document


def find(shop: Shop, kind: Kind, call: Call) -> Json:
    """A list by searchCriteria."""
    criteria = read_criteria(call.query)
    selection = to_sql(criteria, LIST_TABLE)
    source = as_of(kind, DOCUMENT_COLUMNS, call.lag)
    count = shop.one(f"SELECT count(*) AS n FROM {source}{selection.where}", *selection.values)  # noqa: S608
    rows = shop.connection.execute(
        f"SELECT document FROM {source}{selection.where}{selection.order}{selection.limit}",  # noqa: S608
        selection.values,
    )
    return {
        "items": [orjson.loads(row["document"]) for row in rows],
        "search_criteria": criteria.echo(),
        "total_count": count["n"] if count else 0,
    }
