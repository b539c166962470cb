"""A backfill: a list's past, published for one flow, slowly, and resumed where it was left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

import orjson

from app.polling.feed import Feed, Page, Row
from app.polling.paging import walk
from app.polling.publishing import RowPublisher
from app.polling.seen import Seen
from app.store.cursors import Cursors
from streams.ports import Clock

PART_SECONDS = 1.0
"""What may go in this time goes at once."""


@dataclass(frozen=True, slots=True)
class BackfillState:
    """How far a backfill has come, as its cursor keeps it.

    Attributes:
        since: what changed then or later is published.
        until: nothing that changed later is; None goes to the list's end, and takes what changes meanwhile with it:
            what is from before the cutover, no poll would have written.
        at: everything before is.
        published: rows so far.
        done: whether it came to its end.
    """

    since: datetime
    until: datetime | None
    at: datetime
    published: int = 0
    done: bool = False

    @classmethod
    def begin(cls, since: datetime, until: datetime | None) -> Self:
        """Of one that has not begun."""
        return cls(since, until, since)

    @classmethod
    def read(cls, stored: str) -> Self:
        """From the cursor."""
        kept = orjson.loads(stored)
        since, at = (datetime.fromisoformat(kept[name]) for name in ("since", "at"))
        until = None if kept["until"] is None else datetime.fromisoformat(kept["until"])
        return cls(since, until, at, kept["published"], kept["done"])

    def written(self) -> str:
        """For the cursor."""
        return orjson.dumps(self).decode()

    def wants(self, row: Row) -> bool:
        """Whether the row is not newer than wanted."""
        return self.until is None or row.updated_at is None or row.updated_at <= self.until


def cursor_name(flow: str, feed: str) -> str:
    """Key of a backfill's cursor."""
    return f"backfill.{flow}.{feed}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, for a bar.

    Attributes:
        published: rows so far, by this run and those before.
        total: rows that there are, as the source counts them; some of them may be newer than ``until``.
    """

    published: int
    total: int
    at: datetime


class BackfillRun:
    """One run over one feed.

    Args:
        feed: the list that is read.
        name: of its cursor.
        cursors: where it is kept.
        rows: publishes, each row marked as of this backfill.
        clock: for the pace.
        per_second: rows a second.
    """

    def __init__(
        self, feed: Feed, name: str, cursors: Cursors, rows: RowPublisher, clock: Clock, *, per_second: float
    ) -> None:
        self._feed = feed
        self._name = name
        self._cursors = cursors
        self._rows = rows
        self._clock = clock
        self._per_second = per_second

    async def run(
        self, standing: BackfillState, tell: Callable[[Progress], None], stop: asyncio.Event
    ) -> BackfillState:
        """Publish page after page until the end, or until ``stop`` is set; the page in work is finished first.

        Returns where it stands. Rows of the last moment that was published may be published again by the next run.

        Raises:
            TillstreamError: as the connector's reads and the publisher do; the next run goes on from the cursor.
            Fenced: another run of it goes on at the same time.
        """
        before = await self._keep(standing, await self._cursors.get(self._name))
        seen, total = Seen(), 0
        async for page in walk(self._feed, standing.at):
            total = total or standing.published + (page.total or len(page.rows))
            fresh = seen.fresh(row for row in page.rows if standing.wants(row))
            await self._publish(fresh)
            seen.add(fresh)
            standing = replace(standing, at=_reached(standing, page), published=standing.published + len(fresh))
            before = await self._keep(standing, before)
            tell(Progress(standing.published, total, standing.at))
            if not all(standing.wants(row) for row in page.rows):
                break  # it is sorted
            if stop.is_set():
                return standing
        standing = replace(standing, done=True)
        await self._keep(standing, before)
        return standing

    async def _publish(self, rows: Sequence[Row]) -> None:
        """In parts, each followed by the time that it may take."""
        size = max(1, int(self._per_second * PART_SECONDS))
        for first in range(0, len(rows), size):
            part = rows[first : first + size]
            await self._rows.publish(self._feed, part, seen=0)
            await self._clock.sleep(len(part) / self._per_second)

    async def _keep(self, standing: BackfillState, before: str | None) -> str:
        value = standing.written()
        await self._cursors.set(self._name, value, previous=before)
        return value


def _reached(standing: BackfillState, page: Page) -> datetime:
    times = [row.updated_at for row in page.rows if row.updated_at is not None and standing.wants(row)]
    return max([standing.at, *times])
