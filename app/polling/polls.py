"""The two ways to read a feed: what changed since the cursor, and everything from time to time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from app.polling.cursor import cursor_time, written_cursor
from app.polling.feed import Feed, Page
from app.polling.first_poll import MOST_ROWS, check_first_poll
from app.polling.paging import walk
from app.polling.progress import Progress
from app.polling.publishing import RowPublisher
from app.polling.seen import Seen
from app.polling.turns import Turns, handed_on_if_it_fails
from streams.ports import Clock

EVERYTHING = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing in a shop changed before this."""
WHILE_ANOTHER_READS = 60.0
"""Seconds until one looks again whether another poller has finished a snapshot."""

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

    async def close(self) -> None:
        """Let another poller go on with it at once."""
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
        first_poll_rows: more rows than these on a first poll wait for a person.
    """

    interval_seconds: float = 60.0
    overlap_seconds: float = 300.0
    since: datetime | None = None
    first_poll_rows: int = MOST_ROWS


class ChangesPoll:
    """Reads what changed since the cursor. The cursor moves only when Kafka has the page.

    While another poller has the feed it waits, and goes on from the cursor when that one is no longer heard of.
    """

    def __init__(
        self,
        feed: Feed,
        turns: Turns,
        rows: RowPublisher,
        clock: Clock,
        config: ChangesConfig,
        seen: Seen | None = None,
    ) -> None:
        self._feed = feed
        self._turn = turns.of(feed.name, config.interval_seconds)
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
        """Read to the end of the list, if no other poller reads it."""
        if await self._turn.begin():
            async with handed_on_if_it_fails(self._turn):
                began = self._clock.now()
                await self._read(await self._turn.cursor())
                await self._turn.finish(began)
        return self._config.interval_seconds

    async def close(self) -> None:
        """Let another poller go on with it at once."""
        await self._turn.end()

    async def _read(self, stored: str | None) -> None:
        cursor = self._first() if stored is None else cursor_time(stored)
        if self._left_at is not None and cursor < self._left_at:
            self._seen.forget()  # somebody has set it back so that all of it is published again
        self._left_at = cursor
        if stored is None:
            self._tell_beginning(cursor)
        begin = cursor if stored is None else cursor - timedelta(seconds=self._config.overlap_seconds)
        progress, rows = Progress(self.name, begin, self._clock), 0
        async for page in walk(self._feed, begin):
            await self._turn.keep()
            if stored is None:
                check_first_poll(self.name, begin, page, self._config.first_poll_rows)
            rows = await self._publish(page)
            reached = self._reached(cursor, page)
            if stored is None or reached > cursor:
                stored, cursor = await self._move(reached, stored), reached
            if page.more:
                progress.page(cursor, rows)
        progress.end(rows)

    async def _publish(self, page: Page) -> int:
        """Publish what is news; returns how many rows that was."""
        fresh = self._seen.fresh(page.rows)
        await self._rows.publish(self._feed, fresh, seen=len(page.rows) - len(fresh))
        self._seen.add(fresh)
        return len(fresh)

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
        await self._turn.move(value, previous=previous)
        self._left_at = reached
        return value


class SnapshotPoll:
    """Reads everything at a fixed period, and publishes all of it: what was missed or broken is repaired."""

    def __init__(self, feed: Feed, turns: Turns, rows: RowPublisher, clock: Clock, period_seconds: float) -> None:
        self._feed = feed
        self._turn = turns.of(self.name)
        self._rows = rows
        self._clock = clock
        self._period = period_seconds

    @property
    def name(self) -> str:
        """The feed's name, marked: its cursor is not the one of its changes."""
        return snapshot_name(self._feed.name)

    async def once(self) -> float:
        """Read everything if the period is over since the last complete snapshot; at once if there was none."""
        stored = await self._turn.cursor()
        if stored is not None and (wait := self._period - self._age(stored)) > 0:
            return wait
        if not await self._turn.begin():
            return min(self._period, WHILE_ANOTHER_READS)
        async with handed_on_if_it_fails(self._turn):
            began = self._clock.now()
            rows = await self._read()
            await self._turn.move(written_cursor(began), previous=stored)
            await self._turn.finish(began)
        await self._turn.end()
        log.info("snapshot published", feed=self.name, rows=rows)
        return max(0.0, self._period - (self._clock.now() - began).total_seconds())

    async def close(self) -> None:
        """Let another poller begin it anew at once."""
        await self._turn.end()

    async def _read(self) -> int:
        seen, rows = Seen(), 0
        async for page in walk(self._feed, EVERYTHING):
            await self._turn.keep()
            fresh = seen.fresh(page.rows)
            await self._rows.publish(self._feed, fresh, seen=len(page.rows) - len(fresh))
            seen.add(fresh)
            rows += len(fresh)
        return rows

    def _age(self, stored: str) -> float:
        return (self._clock.now() - cursor_time(stored)).total_seconds()


def snapshot_name(feed: str) -> str:
    """Name of a feed's snapshot."""
    return f"{feed}.snapshot"
