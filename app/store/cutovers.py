"""Since when each flow writes, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.store.engine import Database, Row
from app.store.text import restored, storable
from streams.ports import Clock, Cutover, Way

_COLUMNS = "flow, source, target, at, launched_at, launched_by"
_LAUNCH = f"""
INSERT INTO cutovers ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (flow, source, target) WHERE ended_at IS NULL
DO UPDATE SET at = excluded.at, launched_at = excluded.launched_at, launched_by = excluded.launched_by
RETURNING {_COLUMNS}
"""  # noqa: S608 - our own text
_END = """
UPDATE cutovers SET ended_at = $4, ended_by = $5
WHERE flow = $1 AND source = $2 AND target = $3 AND ended_at IS NULL RETURNING id
"""
_CURRENT = f"SELECT {_COLUMNS} FROM cutovers WHERE ended_at IS NULL ORDER BY flow, source, target"  # noqa: S608


class SqlCutovers:
    """Implements `streams.ports.Cutovers`. All methods raise like `app.store.engine.Database.connection`.

    What was launched before is kept with who ended it.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def launch(self, way: Way, at: datetime, *, by: str) -> Cutover:
        """Let a way write what happens at ``at`` or later; a launched one gets the new instant."""
        now = self._clock.now()
        async with self._database.transaction() as fetch:
            await fetch(_END, *way, now, storable(by))
            (row,) = await fetch(_LAUNCH, *way, at, now, storable(by))
        return _cutover(row)

    async def undo(self, way: Way, *, by: str) -> bool:
        """Let a way only observe again. False if it did already."""
        return bool(await self._database.fetch(_END, *way, self._clock.now(), storable(by)))

    async def current(self) -> Sequence[Cutover]:
        """What is launched now, by flow, source and target."""
        return [_cutover(row) for row in await self._database.fetch(_CURRENT)]


def _cutover(row: Row) -> Cutover:
    way = Way(row["flow"], row["source"], row["target"])
    return Cutover(way, row["at"], row["launched_at"], restored(row["launched_by"]))
