"""What is oversold, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from streams.errors import Unavailable
from streams.ports import Oversell, OversoldSku, WayOut


class MemoryOversells:
    """Implements `streams.ports.Oversells`."""

    def __init__(self) -> None:
        self.rows: dict[int, OversoldSku] = {}
        self.down = 0
        """So many times the store does not take what is found."""
        self._read_at: dict[int, datetime] = {}

    async def keep(self, connection: str, sku: str, found: Sequence[Oversell], read_at: datetime) -> None:
        if self.down:
            self.down -= 1
            raise Unavailable("the store does not answer")
        known = {
            row.oversell.location: row
            for row in self.rows.values()
            if (row.connection, row.sku, row.ended_at) == (connection, sku, None)
        }
        now = {one.location: one for one in found}
        for location, row in known.items():
            if location not in now and self._read_at[row.number] < read_at:
                self.rows[row.number] = replace(row, ended_at=read_at)
        for location, one in now.items():
            row = known.get(location) or OversoldSku(len(self.rows) + 1, connection, sku, one, read_at)
            if self._read_at.get(row.number, datetime.min.replace(tzinfo=read_at.tzinfo)) < read_at:
                way = None if one.missing > row.oversell.missing else row.way
                self.rows[row.number] = replace(row, oversell=one, way=way)
                self._read_at[row.number] = read_at

    async def waiting(self) -> Sequence[OversoldSku]:
        return [row for row in self.rows.values() if row.waits]

    async def get(self, number: int) -> OversoldSku | None:
        return self.rows.get(number)

    async def decide(self, number: int, way: WayOut, *, by: str, reason: str) -> bool:
        row = self.rows.get(number)
        if row is None or row.ended_at is not None:
            return False
        self.rows[number] = replace(row, way=way, decided_by=by, reason=reason)
        return True
