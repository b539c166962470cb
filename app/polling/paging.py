"""How to page through a list whose rows move while it is read, without skipping one. `advance` is pure.

A row that changes goes to the end of the list, and everything behind it moves up, so counting pages skips rows. Asking
again from the last row's time always finds what is left. Only where more rows than a page share one time must pages be
counted: then the time is walked through again until two walks in a row saw the same rows, because a walk can skip a
row only if another one, which it had already seen, left.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from app.polling.feed import Feed, Page, Row
from streams.errors import Malformed

MOST_WALKS = 50
"""Walks through one time. Two are enough unless rows keep leaving it; the bound ends only what never would, a source
that writes the same row differently each time."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next page is read.

    Attributes:
        since: rows changed at this time or later.
        page: more than 1 only where one time has more rows than a page.
        walk: digests of the rows seen so far on this walk through that time, and on the page that leads out of it.
        last_walk: those of the whole walk before; None on the first.
        walks: finished walks through this time.
    """

    since: datetime
    page: int = 1
    walk: frozenset[bytes] = frozenset()
    last_walk: frozenset[bytes] | None = None
    walks: int = 0


async def walk(feed: Feed, since: datetime) -> AsyncIterator[Page]:
    """Every page from ``since`` to the end of the list. A row may come twice, and none is skipped.

    Raises:
        TillstreamError: as `Feed.page` and `advance` do.
    """
    position: Position | None = Position(since.replace(microsecond=0))  # a source may know whole seconds only
    while position is not None:
        page = await feed.page(position.since, position.page)
        following = advance(position, page)
        yield page
        position = following


def advance(position: Position, page: Page) -> Position | None:
    """Where to go on after ``page`` was read at ``position``; None at the end of the list.

    Raises:
        Malformed: the list is not sorted by time, so that nothing could be trusted not to be skipped.
    """
    last = _last_time(position, page.rows)
    more = page.more and bool(page.rows)
    walking = position.page > 1 or position.last_walk is not None or (more and last == position.since)
    if not walking:
        return Position(last) if more else None
    here = position.walk | {row.digest for row in page.rows}
    if more and last == position.since:
        return replace(position, page=position.page + 1, walk=here)
    if here != position.last_walk and position.walks < MOST_WALKS:
        return Position(position.since, last_walk=here, walks=position.walks + 1)
    return Position(last) if more else None


def _last_time(position: Position, rows: Sequence[Row]) -> datetime:
    """The last time of a page, never before ``since``; rows without one stand where they are."""
    times = [row.updated_at for row in rows if row.updated_at is not None]
    for before, after in pairwise(times):
        if after < before:
            raise Malformed(
                f"the list is not sorted by when rows changed: {after} follows {before}. Nothing was skipped, and "
                "nothing more is read; the system or a proxy before it changes the order.",
                code="list_not_sorted",
            )
    return max(position.since, times[-1]) if times else position.since
