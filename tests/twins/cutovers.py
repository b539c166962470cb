"""What is launched, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from streams.ports import Clock, Cutover, Way

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""A cutover before everything."""


class MemoryCutovers:
    """Implements `streams.ports.Cutovers`."""

    def __init__(self, clock: Clock) -> None:
        self.rows: dict[Way, Cutover] = {}
        self.asked = 0
        self._clock = clock

    async def launch(self, way: Way, at: datetime, *, by: str) -> Cutover:
        self.rows[way] = Cutover(way, at, self._clock.now(), by)
        return self.rows[way]

    async def undo(self, way: Way, *, by: str) -> bool:
        del by
        return self.rows.pop(way, None) is not None

    async def current(self) -> Sequence[Cutover]:
        self.asked += 1
        return [self.rows[way] for way in sorted(self.rows)]


class Launched:
    """Implements `streams.launch.cutover.Launches`: every way was launched at that instant, or none was."""

    def __init__(self, since: datetime | None = ALWAYS) -> None:
        self.since = since

    async def at(self, way: Way) -> datetime | None:
        del way
        return self.since
