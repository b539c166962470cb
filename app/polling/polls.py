"""The two ways to read a feed: what changed since the cursor, and everything from time to time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from app.polling.cursor import cursor_time, written_cursor
from app.polling.feed import Feed, Page
from app.polling.paging import walk
from app.polling.publishing import RowPublisher
from app.polling.seen import Seen
from app.store.cursors import Cursors
from streams.ports import Clock

EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing in a shop changed before this."""

log = structlog.get_logger(__name__)


class Poll(Protocol):
    """Something that is done again and again."""

    @property
    def name(self) -> str:
        """Key of its cursor and label of its metrics."""
        ...

    async def once(self) -> float:
        """Do it; returns the seconds until the next time.

        Raises:
            TillstreamError, Fenced: nothing is lost; the next time goes on from the cursor.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChangesConfig:
    """How changes are polled.

    Attributes:
        interval_seconds: between two polls.
        overlap_seconds: how far before the cursor a poll begins: rows appear later than the time they carry (late
            commits, lagging replicas, clocks). Must be longer than all of these together.
        since: where the first poll of a feed begins; None begins at ``now - overlap``, so that a first poll on a
            shop with years of orders does not flood.
    """

    interval_seconds: float = 60.0
    overlap_seconds: float = 300.0
    since: datetime | None = None


class ChangesPoll:
    """Reads what changed since the cursor. The cursor moves only when Kafka has the page."""

    def __init__(
        self,
        feed: Feed,
        cursors: Cursors,
        rows: RowPublisher,
        clock: Clock,
        config: ChangesConfig,
        seen: Seen | None = None,
    ) -> None:
        self._feed = feed
        self._cursors = cursors
        self._rows = rows
        self._clock = clock
        self._config = config
        self._seen = seen or Seen()
        self._left_at: datetime | None = None

    @property
    def name(self) -> str:
        """The feed's name."""
        return self._feed.name

    async def once(self) -> float:
        """Read to the end of the list."""
        stored = await self._cursors.get(self.name)
        cursor = self._first() if stored is None else cursor_time(stored)
        if self._left_at is not None and cursor < self._left_at:
            self._seen.forget()  # somebody has set it back so that all of it is published again
        self._left_at = cursor
        if stored is None:
            self._tell_beginning(cursor)
        begin = cursor if stored is None else cursor - timedelta(seconds=self._config.overlap_seconds)
        async for page in walk(self._feed, begin):
            fresh = self._seen.fresh(page.rows)
            await self._rows.publish(self._feed, fresh, seen=len(page.rows) - len(fresh))
            self._seen.add(fresh)
            reached = self._reached(cursor, page)
            if stored is None or reached > cursor:
                stored, cursor = await self._move(reached, stored), reached
        return self._config.interval_seconds

    def _tell_beginning(self, cursor: datetime) -> None:
        log.warning(
            "feed_begins",
            feed=self.name,
            problem=f"{self.name} has no cursor, so it is read from {cursor:%Y-%m-%d %H:%M} UTC on. What changed "
            "before then stays where it is, nothing of it is published; whether it shall come is for a person to say",
        )

    def _first(self) -> datetime:
        if self._config.since is not None:
            return self._config.since
        return self._clock.now() - timedelta(seconds=self._config.overlap_seconds)

    def _reached(self, cursor: datetime, page: Page) -> datetime:
        """How far the page leads; a time ahead of ours does not count, or one row from the future would hide all."""
        now = self._clock.now()
        return max([cursor, *(min(row.updated_at, now) for row in page.rows if row.updated_at is not None)])

    async def _move(self, reached: datetime, previous: str | None) -> str:
        value = written_cursor(reached)
        await self._cursors.set(self.name, value, previous=previous)
        self._left_at = reached
        return value


class SnapshotPoll:
    """Reads everything at a fixed period, and publishes all of it: what was missed or broken is repaired."""

    def __init__(self, feed: Feed, cursors: Cursors, rows: RowPublisher, clock: Clock, period_seconds: float) -> None:
        self._feed = feed
        self._cursors = cursors
        self._rows = rows
        self._clock = clock
        self._period = period_seconds

    @property
    def name(self) -> str:
        """The feed's name, marked: its cursor is not the one of its changes."""
        return f"{self._feed.name}.snapshot"

    async def once(self) -> float:
        """Read everything if the period is over since the last complete snapshot; at once if there was none."""
        stored = await self._cursors.get(self.name)
        if stored is not None and (wait := self._period - self._age(stored)) > 0:
            return wait
        began = self._clock.now()
        seen, rows = Seen(), 0
        async for page in walk(self._feed, EVERYTHING):
            fresh = seen.fresh(page.rows)
            await self._rows.publish(self._feed, fresh, seen=len(page.rows) - len(fresh))
            seen.add(fresh)
            rows += len(fresh)
        await self._cursors.set(self.name, written_cursor(began), previous=stored)
        log.info("snapshot published", feed=self.name, rows=rows)
        return max(0.0, self._period - (self._clock.now() - began).total_seconds())

    def _age(self, stored: str) -> float:
        return (self._clock.now() - cursor_time(stored)).total_seconds()
