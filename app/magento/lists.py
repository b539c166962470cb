"""Lists: a page of what has changed, and every row that belongs to something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from app.listing import Listing
from app.magento.client import MagentoClient
from app.magento.search import Search, Where, moment
from app.wire import read_as
from schemas.magento import SearchResult
from schemas.wire import Wire
from streams.errors import Rejected, Transient

Row = TypeVar("Row", bound=Wire)

ROWS_IN_A_PAGE = 100
"""Magento's own cap, where it is switched on, is 300."""


@dataclass(frozen=True, slots=True)
class Polled:
    """A list that is polled.

    Attributes:
        operation: the connector's method, as in logs and journal.
        noun: what its rows are called.
        path: its route.
        key: the field that tells rows of one second apart.
        time: the field that a row's time is in.
    """

    operation: str
    noun: str
    path: str
    key: str = "entity_id"
    time: str = "updated_at"


@dataclass(frozen=True, slots=True)
class Question:
    """What a list is asked.

    Attributes:
        operation: the port's method, as in logs and journal.
        subject: what a person calls the rows: ``shipments of order 42``.
        path: of the list.
        where: conditions, all of which hold.
        key: the field by which its rows are sorted, so that none changes its page.
    """

    operation: str
    subject: str
    path: str
    where: tuple[Where, ...]
    key: str = "entity_id"


async def changed(client: MagentoClient, polled: Polled, since: datetime, page: int, page_size: int) -> Listing:
    """One page of rows that changed at that second or later, oldest change first."""
    search = Search(
        groups=((Where(polled.time, "gteq", moment(since)),),),
        sort=(polled.time, polled.key),
        page_size=page_size,
        page=page,
    )
    subject = f"{polled.noun} since {moment(since)}, page {page}"
    content = await client.get(polled.operation, subject, polled.path, search.query())
    found = read_as(SearchResult[dict[str, Any]], content, f"{client.name}: the list of {polled.noun}")
    return Listing(found.items, found.total_count)


async def every(client: MagentoClient, model: type[Row], question: Question) -> tuple[Row, ...]:
    """All rows of all pages.

    Raises:
        Transient: they are not as many as Magento counts: one that is missing must never look like none.
    """
    rows: list[Row] = []
    page, total = 1, 1
    while (page - 1) * ROWS_IN_A_PAGE < total:
        search = Search(
            groups=tuple((where,) for where in question.where),
            sort=(question.key,),
            page_size=ROWS_IN_A_PAGE,
            page=page,
        )
        content = await client.get(question.operation, question.subject, question.path, search.query())
        found = read_as(SearchResult[model], content, f"{client.name}: {question.subject}")  # type: ignore[valid-type]
        rows += found.items
        page, total = page + 1, found.total_count
    if len(rows) != total:
        raise Transient(
            f"{client.name}: {question.operation}: {len(rows)} {question.subject} came where Magento counts {total}. "
            "They are read again; nothing is taken for missing.",
            code="partial_answer",
        )
    return tuple(rows)


def the_one(found: Sequence[Row], ids: Sequence[str], called: str) -> Row | None:
    """The only one there is, None if there is none.

    Args:
        found: rows.
        ids: theirs, for the message.
        called: what they are, and where: ``web: shipments of order 42 marked [m]``.

    Raises:
        Rejected: there are several.
    """
    if len(found) > 1:
        raise Rejected(
            f"{called}: there are {len(found)}, {', '.join(ids)}, and there should be one. Find out there which one "
            "counts and undo the others, then replay.",
            code="collision",
        )
    return found[0] if found else None
