"""Waiting until the pipe is empty, judged from Kafka, the held table and the senders, never from our own counters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.balance.kafka import reading
from app.demo.audit.books import Books
from app.demo.balance import StoreView
from app.demo.databases import read_only
from app.demo.programs import WAY
from app.settings import KafkaSettings

QUIET_SECONDS = 8.0
"""The pipe is empty when it has been so this long: longer than a poll and the lists' lag together."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is between a system that changed and the one that is to know.

    Attributes:
        unsent: webhooks in the sandboxes' queues.
        unread: records before a reader.
        parked: events that are held and go on by themselves.
        open_writes: writes to the web store that may have come too late, or may do so yet.
    """

    unsent: int
    unread: int
    parked: int
    open_writes: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.unsent + self.unread + self.parked + self.open_writes

    def __str__(self) -> str:
        return (
            f"{self.unsent} webhooks unsent, {self.unread} records unread, {self.parked} events parked, "
            f"{self.open_writes} writes open"
        )


async def under_way(books: Books, view: StoreView, kafka: KafkaSettings) -> UnderWay:
    """What is under way now."""
    unsent = _unsent(books.magento) + _unsent(books.heartland)
    parked, open_writes = await view.parked(), await view.open_writes()
    return UnderWay(unsent, await _unread(kafka), parked, open_writes)


async def until_quiet(look: Callable[[], Awaitable[UnderWay]], every: float) -> AsyncIterator[UnderWay]:
    """What is under way, every so many seconds, until there was nothing for a while; a caller whose
    patience ends breaks off."""
    quiet_since: float | None = None
    while True:
        left = await look()
        if left.total:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= QUIET_SECONDS:
            return
        yield left
        await asyncio.sleep(every)


async def _unread(kafka: KafkaSettings) -> int:
    async with reading(kafka) as log:
        found = [await log.unread(reader.group, reader.topics) for reader in WAY.readers]
    return sum(place.records for places in found for place in places)


def _unsent(database: Path) -> int:
    with closing(read_only(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM webhook_queue").fetchone()[0])
