"""Lists: filters, order, paging, and the lag that the fault panel may put on them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.sandbox.heartland.account import Account, Call
from app.sandbox.heartland.tables import COLUMNS
from app.sandbox.heartland.values import Json
from app.sandbox.lag import as_of

UPDATED_SINCE = "updated_since"
EXTERNAL_ID = "external_id"


@dataclass(frozen=True, slots=True)
class Listing:
    """How one resource is listed.

    Attributes:
        table: where its rows are.
        id_order: SQL of the order by id.
        show: a row as it is answered.
        filters: query parameter -> column that must equal it (or be one of them, if it is a list).
    """

    table: str
    id_order: str
    show: Callable[[sqlite3.Row], object]
    filters: Mapping[str, str] = field(default_factory=dict)


def list_page(account: Account, call: Call, listing: Listing, fixed: Mapping[str, object] | None = None) -> Json:
    """One page of a list; ``fixed`` are further columns and what they must equal."""
    where, values = _where(call.query, listing, fixed or {})
    source = as_of(listing.table, COLUMNS[listing.table], call.lag)
    order = listing.id_order if call.query["sort"] == "id" else f"updated_at, {listing.id_order}"
    page, per_page = call.query["page"], call.query["per_page"]
    count = account.one(f"SELECT count(*) AS total FROM {source}{where}", *values)  # noqa: S608 - values are bound
    rows = account.connection.execute(
        f"SELECT * FROM {source}{where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608 - values are bound
        (*values, per_page, (page - 1) * per_page),
    )
    return paged([listing.show(row) for row in rows], page, per_page, count["total"] if count else 0)


def paged(results: list[object], page: int, per_page: int, total: int) -> Json:
    """The answer of every list."""
    return {"results": results, "page": page, "pages": -(-total // per_page), "total": total}


def _where(query: Json, listing: Listing, fixed: Mapping[str, object]) -> tuple[str, list[object]]:
    conditions: list[str] = [f"{column} = ?" for column in fixed]
    values: list[object] = list(fixed.values())
    if query.get(UPDATED_SINCE) is not None:
        conditions.append("updated_at >= ?")
        values.append(query[UPDATED_SINCE])
    for name, column in {EXTERNAL_ID: "external_id", **listing.filters}.items():
        wanted = query.get(name)
        if isinstance(wanted, list):
            conditions.append(f"{column} IN ({', '.join('?' * len(wanted))})")
            values += wanted
        elif wanted is not None:
            conditions.append(f"{column} = ?")
            values.append(wanted)
    return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), values
