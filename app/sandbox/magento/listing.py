"""Lists by searchCriteria: of a table's rows, and of things that are no table (stocks, sources, tax classes)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

import orjson

from app.sandbox.lag import as_of
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.search import Table, flat_unknown, read_criteria, to_sql
from app.sandbox.magento.shop import Call, Json, Shop


def list_rows(
    shop: Shop,
    call: Call,
    source: tuple[str, Sequence[str]],
    table: Table,
    show: Callable[[sqlite3.Row], Json],
    *,
    unsorted: str = "",
) -> Json:
    """Those rows that the call's searchCriteria ask for, as they were before the call's lag.

    Args:
        source: an SQL table and its columns.
        table: what may be asked of it.
        show: a row as it is answered.
        unsorted: the order where none is asked for.
    """
    criteria = read_criteria(call.query)
    selection = to_sql(criteria, table)
    where = f"FROM {as_of(*source, call.lag)}{selection.where}"
    count = shop.one(f"SELECT count(*) AS n {where}", *selection.values)
    rows = shop.connection.execute(
        f"SELECT * {where}{selection.order or unsorted}{selection.limit}",
        selection.values,
    ).fetchall()
    return {
        "items": [show(row) for row in rows],
        "search_criteria": criteria.echo(),
        "total_count": count["n"] if count else 0,
    }


def list_documents(
    shop: Shop,
    call: Call,
    documents: Sequence[Json],
    *,
    required: bool = True,
    unknown: Callable[[str], RestError] = flat_unknown,
) -> Json:
    """Those documents that the call's searchCriteria ask for, by their top-level fields."""
    criteria = read_criteria(call.query, required=required)
    fields = {name for document in documents for name in document}
    numeric = {name for document in documents for name, value in document.items() if isinstance(value, int | float)}
    table = Table({name: f"json_extract(value, '$.{name}')" for name in fields}, frozenset(numeric), unknown)
    selection = to_sql(criteria, table)
    source = f"json_each(?){selection.where}"
    values = [orjson.dumps(list(documents)).decode(), *selection.values]
    count = shop.one(f"SELECT count(*) AS n FROM {source}", *values)  # noqa: S608 - our expressions
    rows = shop.connection.execute(
        f"SELECT value FROM {source}{selection.order}{selection.limit}",  # noqa: S608 - our expressions
        values,
    )
    return {
        "items": [orjson.loads(row["value"]) for row in rows],
        "search_criteria": criteria.echo(),
        "total_count": count["n"] if count else 0,
    }
