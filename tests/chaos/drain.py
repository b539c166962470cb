"""The end of a run: the pipe runs empty, and the receipts that the judge asks for are gathered."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import asyncpg

from app.demo.balance import StoreView
from app.demo.drain import under_way, until_quiet
from app.demo.programs import books_of
from app.settings import KafkaSettings
from streams.ports import Outcome
from tests.chaos.world import World

DRAIN_SECONDS = 180.0
"""The drain is given up when what is under way got no less for so long; a slow machine has much to catch up with."""
LOOK_EVERY = 2.0
RECEIPTS = """
SELECT receipt_id FROM journal WHERE outcome = ANY ($1)
UNION SELECT split_part(receipt_id, '.', 1) FROM held
"""
"""Those that ended, and those that are held or whose children are."""


async def drain(whole: World, view: StoreView, say: Callable[[str], object]) -> bool:
    """Wait until nothing is under way. False if it gets no less for too long."""
    least, least_at = sys.maxsize, time.monotonic()
    kafka = KafkaSettings(bootstrap_servers=whole.broker.bootstrap_servers)
    books = books_of(whole.directory)
    await whole.until_all_ready()
    async for left in until_quiet(lambda: under_way(books, view, kafka), LOOK_EVERY):
        if left.total < least:
            least, least_at = left.total, time.monotonic()
        if time.monotonic() - least_at >= DRAIN_SECONDS:
            return False
        if left.total:
            say(f"draining: {left}")
    return True


async def receipts_of(postgres: str) -> set[str]:
    """Receipts that ended or are held."""
    ends = [outcome.value for outcome in Outcome if outcome.ends]
    connection = await asyncpg.connect(postgres)
    try:
        return {row["receipt_id"] for row in await connection.fetch(RECEIPTS, ends)}
    finally:
        await connection.close()
