"""Lists that must be whole: every page of a filter, and never a row less than Heartland counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.heartland.client import HeartlandClient, Query
from app.wire import read_as
from schemas.heartland import Page
from schemas.wire import Wire
from streams.errors import Rejected, Transient

Row = TypeVar("Row", bound=Wire)

ROWS_IN_A_PAGE = 500
"""The most that a page may have (schemas/heartland/openapi.yaml, parameter ``per_page``)."""

BY_ID = ("sort", "id")
"""The order in which a row that changes meanwhile keeps its page."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a list is asked.

    Attributes:
        operation: the port's method, as in logs and journal.
        subject: what a person calls the rows: ``payments of order 17``.
        path: of the list.
        query: filter and order.
    """

    operation: str
    subject: str
    path: str
    query: Query


async def whole(
    client: HeartlandClient,
    model: type[Row],
    question: Question,
    key: Callable[[Row], object],
    fits: Callable[[Row], bool] = lambda _row: True,
) -> list[Row]:
    """All rows of all pages.

    Args:
        client: of the connection.
        model: of a row.
        question: what is asked.
        key: tells one row from another.
        fits: whether a row is one that was asked for.

    Raises:
        Transient: they are not as many as Heartland counts, or changed while they were read.
    """
    found: list[Row] = []
    number, pages, totals = 1, 1, set[int]()
    while number <= pages:
        page = await _page(client, model, question, number)
        found += page.results
        totals.add(page.total)
        number, pages = number + 1, page.pages
    keys = {key(row) for row in found}
    if totals != {len(found)} or len(keys) != len(found) or not all(fits(row) for row in found):
        raise Transient(
            f"{client.name}: {question.operation} for {question.subject}: {len(keys)} rows came where Heartland counts "
            f"{', '.join(map(str, sorted(totals)))}. It is read again; nothing is taken for zero.",
            code="partial_answer",
        )
    return found


async def the_one(
    client: HeartlandClient,
    model: type[Row],
    question: Question,
    key: Callable[[Row], str],
    fits: Callable[[Row], bool],
) -> Row | None:
    """The one row that ``fits``, letter for letter, whatever else Heartland's filter lets through; None without one.

    Raises:
        Rejected: there are several, which a person must sort out.
        Transient: the answer is not whole: what was made must never look as if it were not there.
    """
    rows = await whole(client, model, question, key)
    return one_of([row for row in rows if fits(row)], key, f"{client.name} has", question.subject)


def one_of(found: Sequence[Row], key: Callable[[Row], str], whose: str, called: str) -> Row | None:
    """The only one there is, None if there is none.

    Raises:
        Rejected: there are several; ``whose`` and ``called`` say where and which: ``pos has``, ``orders called W-42``.
    """
    if len(found) > 1:
        ids = ", ".join(key(row) for row in found)
        raise Rejected(
            f"{whose} {len(found)} {called}: {ids}. There should be one: cancel or renumber the others there, then "
            "replay.",
            code="collision",
        )
    return found[0] if found else None


async def _page(client: HeartlandClient, model: type[Row], question: Question, number: int) -> Page[Row]:
    query = [*question.query, ("page", str(number)), ("per_page", str(ROWS_IN_A_PAGE))]
    content = await client.get(question.operation, question.subject, question.path, query)
    what = f"{client.name}: {question.operation} for {question.subject}"
    return read_as(Page[model], content, what)  # type: ignore[valid-type]
