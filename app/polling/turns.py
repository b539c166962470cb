"""Whose turn it is: one poller at a time reads a feed, and only it moves the feed's cursor."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from app.store.cursors import Cursors
from app.store.leases import Lease, Leases
from streams.errors import TillstreamError


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one poller.

    Attributes:
        cursors, leases: of all feeds.
        owner: this poller; no other process has the name.
        seconds: how long a feed stays with a poller that is no longer heard of. Longer than a page takes to be read
            and published: another poller that begins meanwhile reads the page again.
    """

    cursors: Cursors
    leases: Leases
    owner: str
    seconds: float = 60.0

    def of(self, feed: str, pause_seconds: float = 0.0) -> Turn:
        """The turn at one feed; it lasts through pauses of so many seconds between two reads."""
        return Turn(self, feed, self.seconds + pause_seconds)


class Turn:
    """This poller's turn at one feed, which it has or has not."""

    def __init__(self, turns: Turns, feed: str, seconds: float) -> None:
        self._turns = turns
        self._feed = feed
        self._seconds = seconds
        self._lease: Lease | None = None

    async def begin(self) -> bool:
        """Take the turn; False while another poller has it."""
        self._lease = await self._turns.leases.take(self._feed, self._turns.owner, self._seconds)
        return self._lease is not None

    async def keep(self) -> None:
        """It goes on. Raises Fenced if another poller has taken it."""
        if self._lease is not None:
            await self._turns.leases.keep(self._lease, self._seconds)

    async def finish(self, began: datetime) -> None:
        """The feed has been read to its end by a read that began then. Raises Fenced."""
        if self._lease is not None:
            await self._turns.leases.finish(self._lease, self._seconds, began=began)

    async def end(self) -> None:
        """Another poller may have it at once; if the store cannot be told, when the lease ends."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with contextlib.suppress(TillstreamError):
                await self._turns.leases.release(lease)

    async def cursor(self) -> str | None:
        """The feed's cursor as it is stored."""
        return await self._turns.cursors.get(self._feed)

    async def move(self, value: str, *, previous: str | None) -> None:
        """Move the cursor. Raises Fenced if it does not stand at ``previous``, or the turn is another poller's."""
        token = None if self._lease is None else self._lease.token
        await self._turns.cursors.set(self._feed, value, previous=previous, token=token)


@contextlib.asynccontextmanager
async def handed_on_if_it_fails(turn: Turn) -> AsyncIterator[None]:
    """A poller that cannot read a feed does not keep it from one that may."""
    try:
        yield
    except Exception:
        await turn.end()
        raise
