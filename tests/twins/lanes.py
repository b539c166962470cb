"""A lane that has nobody else in it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable


async def in_lane(_topic: str, _key: bytes, work: Callable[[], Awaitable[None]]) -> None:
    """Work at once."""
    await work()
