"""Leases and cursors of feeds in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.store.leases import FeedStanding, Lease, overtaken
from streams.ports import Clock, Fenced


class MemoryCursors:
    """Implements `app.store.cursors.Cursors`."""

    def __init__(self, leases: MemoryLeases) -> None:
        self.values: dict[str, str] = {}
        self._leases = leases

    async def get(self, feed: str) -> str | None:
        return self.values.get(feed)

    async def set(self, feed: str, value: str, *, previous: str | None, token: int | None = None) -> None:
        if token is not None and not self._leases.holds(feed, token):
            raise Fenced(f"the cursor of {feed} is another poller's")
        if self.values.get(feed) not in (previous, value):
            raise Fenced(f"the cursor of {feed} has moved on")
        self.values[feed] = value


@dataclass(frozen=True)
class _Row:
    lease: Lease
    until: datetime
    read_at: datetime | None = None


class MemoryLeases:
    """Implements `app.store.leases.Leases`."""

    def __init__(self, clock: Clock) -> None:
        self.cursors = MemoryCursors(self)
        self._clock = clock
        self._rows: dict[str, _Row] = {}

    async def take(self, feed: str, owner: str, seconds: float) -> Lease | None:
        row = self._rows.get(feed)
        if row is None:
            row = _Row(Lease(feed, owner, 1), self._clock.now())
        elif row.lease.owner != owner:
            if row.until > self._clock.now():
                return None
            row = replace(row, lease=Lease(feed, owner, row.lease.token + 1))
        self._rows[feed] = replace(row, until=self._until(seconds))
        return row.lease

    async def keep(self, lease: Lease, seconds: float) -> None:
        self._rows[lease.feed] = replace(self._row(lease), until=self._until(seconds))

    async def finish(self, lease: Lease, seconds: float, *, began: datetime) -> None:
        self._rows[lease.feed] = replace(self._row(lease), until=self._until(seconds), read_at=began)

    async def release(self, lease: Lease) -> None:
        if self.holds(lease.feed, lease.token):
            self._rows[lease.feed] = replace(self._rows[lease.feed], until=self._clock.now())

    async def standings(self) -> Sequence[FeedStanding]:
        return [
            FeedStanding(feed, row.lease.owner, row.until, row.read_at, self.cursors.values.get(feed))
            for feed, row in sorted(self._rows.items())
        ]

    def holds(self, feed: str, token: int) -> bool:
        row = self._rows.get(feed)
        return row is not None and row.lease.token == token

    def _row(self, lease: Lease) -> _Row:
        if not self.holds(lease.feed, lease.token):
            raise overtaken(lease)
        return self._rows[lease.feed]

    def _until(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)
