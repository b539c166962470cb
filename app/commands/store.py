"""What commands that work with the store share: the store itself, and how they speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console

from app.clock import SystemClock
from app.settings import Settings
from app.store import Store

Done = TypeVar("Done")


async def with_store(settings: Settings, work: Callable[[Store], Awaitable[Done]], *, role: str = "desk") -> Done:
    """Do some work with the store, and close it. Returns what the work did; ``role`` is what PostgreSQL shows."""
    store = Store.open(settings.store.whole_url, role=role, clock=SystemClock(), connections=2)
    try:
        return await work(store)
    finally:
        await store.close()


def say(text: str) -> None:
    """Print a line as it is, whatever brackets and numbers are in it."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)


def utc(at: datetime) -> str:
    """A time for a person."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
