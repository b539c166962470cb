"""What rarely changes there, read once an hour."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

KEPT_SECONDS = 3600.0


class Remembered(Generic[Key, Value]):
    """Answers of one question by key. One that fails is not kept."""

    def __init__(
        self, ask: Callable[[Key], Awaitable[Value]], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._kept: dict[Key, tuple[float, Value]] = {}

    async def get(self, key: Key) -> Value:
        """The answer, an hour old at most."""
        now = self._monotonic()
        kept = self._kept.get(key)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        value = await self._ask(key)
        self._kept[key] = (now, value)
        return value
