"""Lists of things that are no table of their own: a website's stocks, sources, tax classes, attribute sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.search import Table, flat_unknown, read_criteria, to_sql
from app.sandbox.magento.shop import Call, Json, Shop


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
