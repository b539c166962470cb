"""The end of a run: the pipe runs empty, and what the judge looks at is gathered."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from app.balance.take import way_of
from app.demo import programs
from app.demo.auditor import Books
from app.demo.balance import StoreView
from app.demo.drain import unread, unsent_webhooks
from app.settings import KafkaSettings
from streams.ports import Outcome
from tests.chaos.recovery import CONNECTIONS
from tests.chaos.world import World

DRAIN_SECONDS = 180.0
"""The drain is given up when what is under way got no less for so long; a slow machine has much to catch up with."""
QUIET_SECONDS = 8.0
"""The pipe is empty when it has been so this long: longer than a poll and the lists' lag together."""
WAY = way_of(CONNECTIONS)
RECEIPTS = """
SELECT receipt_id FROM journal WHERE outcome = ANY ($1)
UNION SELECT split_part(receipt_id, '.', 1) FROM held
"""
"""Those that ended, and those that are held or whose children are."""


def books_of(directory: Path) -> Books:
    """Where the judge looks."""
    return Books(
        magento=directory / "magento.sqlite",
        heartland=directory / "heartland.sqlite",
        prefix=programs.PREFIX,
        location=programs.LOCATION,
        sources=programs.SOURCES,
    )


async def drain(whole: World, view: StoreView, say: Callable[[str], object]) -> bool:
    """Wait until nothing is under way. False if it gets no less for too long."""
    least, least_at = sys.maxsize, time.monotonic()
    quiet_since: float | None = None
    kafka = KafkaSettings(bootstrap_servers=whole.broker.bootstrap_servers)
    books = books_of(whole.directory)
    await whole.until_all_ready()
    while time.monotonic() - least_at < DRAIN_SECONDS:
        unsent = unsent_webhooks([books.magento, books.heartland])
        parked, open_writes = await view.parked(), await view.open_writes()
        before_readers = await unread(kafka, WAY)
        left = unsent + parked + open_writes + before_readers
        if left < least:
            least, least_at = left, time.monotonic()
        if left:
            quiet_since = None
            say(
                f"draining: {unsent} webhooks unsent, {before_readers} records unread, {parked} events parked, "
                f"{open_writes} writes open"
            )
        elif quiet_since is None:
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since >= QUIET_SECONDS:
            return True
        await asyncio.sleep(2.0)
    return False


async def receipts_of(postgres: str) -> set[str]:
    """Receipts that ended or are held."""
    ends = [outcome.value for outcome in Outcome if outcome.ends]
    connection = await asyncpg.connect(postgres)
    try:
        return {row["receipt_id"] for row in await connection.fetch(RECEIPTS, ends)}
    finally:
        await connection.close()
