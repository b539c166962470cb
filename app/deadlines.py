"""Ends waits that take too long, with one timer for all of them: a timer for each would cost more than the wait."""

from __future__ import annotations

import asyncio
from collections import deque


class Deadlines:
    """Watches futures that may all take equally long, so that the oldest is always the next to end."""

    def __init__(self, seconds: float) -> None:
        """``seconds`` is the longest that each wait takes."""
        self._seconds = seconds
        self._waits: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, future: asyncio.Future[None]) -> None:
        """End this wait with TimeoutError if nothing else ends it in time."""
        waits = self._waits
        while waits and waits[0][1].done():
            waits.popleft()
        loop = future.get_loop()
        waits.append((loop.time() + self._seconds, future))
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._end_overdue, loop)

    def _end_overdue(self, loop: asyncio.AbstractEventLoop) -> None:
        waits, now = self._waits, loop.time()
        while waits and (waits[0][0] <= now or waits[0][1].done()):
            _, future = waits.popleft()
            if not future.done():
                future.set_exception(TimeoutError())
        self._timer = loop.call_at(waits[0][0], self._end_overdue, loop) if waits else None
