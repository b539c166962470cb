"""Two processes on one database: a rival that has not committed, and whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest


@pytest.fixture
async def rival(store_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A second process's connection, in a transaction that it has not committed."""
    connection = await asyncpg.connect(store_url)
    await connection.execute("BEGIN")
    yield connection
    await connection.close()


@pytest.fixture
async def one_waits_for_a_lock(store_url: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Returns when somebody waits for a lock."""
    watcher = await asyncpg.connect(store_url)

    async def waited() -> None:
        async with asyncio.timeout(10):
            while not await watcher.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    yield waited
    await watcher.close()
