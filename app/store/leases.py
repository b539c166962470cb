"""Whose turn it is to read a feed, and how each feed stands, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.store.engine import Database
from streams.ports import Clock, Fenced

_TAKE = """
INSERT INTO feed_leases AS l (feed, owner, token, until) VALUES ($1, $2, 1, $4)
ON CONFLICT (feed) DO UPDATE
SET owner = excluded.owner, until = excluded.until, token = l.token + (l.owner <> excluded.owner)::int
WHERE l.owner = excluded.owner OR l.until <= $3
RETURNING token
"""
_KEEP = "UPDATE feed_leases SET until = $3 WHERE feed = $1 AND token = $2 RETURNING feed"
_FINISH = "UPDATE feed_leases SET until = $3, read_at = $4 WHERE feed = $1 AND token = $2 RETURNING feed"
_RELEASE = "UPDATE feed_leases SET until = $3 WHERE feed = $1 AND token = $2"
_STANDINGS = """
SELECT l.feed, l.owner, l.until, l.read_at, c.value FROM feed_leases l LEFT JOIN cursors c USING (feed) ORDER BY l.feed
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to read a feed until it ends or is released.

    Attributes:
        feed: name of the feed.
        owner: the poller that has it.
        token: the fencing token: it grows whenever the lease goes to another poller, and never falls.
    """

    feed: str
    owner: str
    token: int


@dataclass(frozen=True, slots=True)
class FeedStanding:
    """How a feed stands.

    Attributes:
        feed: its name.
        owner: the poller that had its last turn.
        until: when that turn ends, or ended.
        read_at: when the last read to the list's end began; None if there was none yet.
        cursor: as it is stored; None if there is none.
    """

    feed: str
    owner: str
    until: datetime
    read_at: datetime | None
    cursor: str | None


class Leases(Protocol):
    """Lets one poller at a time read a feed. Who was overtaken learns it from the next call, or from `Cursors.set`."""

    async def take(self, feed: str, owner: str, seconds: float) -> Lease | None:
        """The feed's lease for so long, with its token if ``owner`` has it still; None while another one has it."""
        ...

    async def keep(self, lease: Lease, seconds: float) -> None:
        """Let it last so long from now on.

        Raises:
            Fenced: another poller has it.
        """
        ...

    async def finish(self, lease: Lease, seconds: float, *, began: datetime) -> None:
        """As `keep`, and the feed has been read to its end by a read that began then."""
        ...

    async def release(self, lease: Lease) -> None:
        """Let another poller have it at once; nothing if another one has it already."""
        ...

    async def standings(self) -> Sequence[FeedStanding]:
        """How every feed stands that was ever read, by name."""
        ...


class SqlLeases:
    """Implements `Leases`. All methods also raise like `app.store.engine.Database.connection`.

    Clocks of pollers that differ cost no more than a feed that is read twice: the token keeps its cursor right.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, feed: str, owner: str, seconds: float) -> Lease | None:
        """The feed's lease for so long; None while another poller has it."""
        rows = await self._database.fetch(_TAKE, feed, owner, self._clock.now(), self._until(seconds))
        return Lease(feed, owner, int(rows[0]["token"])) if rows else None

    async def keep(self, lease: Lease, seconds: float) -> None:
        """Let it last so long from now on; raises Fenced if another poller has it."""
        if not await self._database.fetch(_KEEP, lease.feed, lease.token, self._until(seconds)):
            raise overtaken(lease)

    async def finish(self, lease: Lease, seconds: float, *, began: datetime) -> None:
        """As `keep`, and the feed has been read to its end by a read that began then."""
        if not await self._database.fetch(_FINISH, lease.feed, lease.token, self._until(seconds), began):
            raise overtaken(lease)

    async def release(self, lease: Lease) -> None:
        """Let another poller have it at once."""
        await self._database.fetch(_RELEASE, lease.feed, lease.token, self._clock.now())

    async def standings(self) -> Sequence[FeedStanding]:
        """How every feed stands that was ever read, by name."""
        rows = await self._database.fetch(_STANDINGS)
        return [FeedStanding(row["feed"], row["owner"], row["until"], row["read_at"], row["value"]) for row in rows]

    def _until(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)


def overtaken(lease: Lease) -> Fenced:
    """What a poller learns that has stood still for longer than its lease."""
    return Fenced(
        f"{lease.feed} is read by another poller by now: {lease.owner} stood still for longer than its lease. Nothing "
        "is lost, the other one goes on from the cursor"
    )
