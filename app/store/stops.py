"""Flows that stand still, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from app.store.engine import Database
from app.store.text import restored, storable
from streams.ports import Clock, FlowStop

_STOP = """
INSERT INTO stops (consumer_group, flow, target, at, reason) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consumer_group, flow, target) WHERE resumed_at IS NULL DO NOTHING
"""
_CURRENT = """
SELECT consumer_group, flow, target, at, reason FROM stops
WHERE resumed_at IS NULL AND ($1::text IS NULL OR consumer_group = $1) ORDER BY id
"""
_RESUME = """
UPDATE stops SET resumed_at = $5, resumed_by = $6, resume_reason = $7
WHERE consumer_group = $1 AND flow = $2 AND target = $3 AND at = $4 AND resumed_at IS NULL
RETURNING id
"""


class SqlStops:
    """Implements `streams.ports.Stops`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def stop(self, stop: FlowStop) -> None:
        """Stop a flow of a group; durable on return. One that is stopped already keeps its earlier stop."""
        await self._database.fetch(_STOP, stop.group, stop.flow, stop.target, stop.at, storable(stop.reason))

    async def current(self, group: str | None = None) -> Sequence[FlowStop]:
        """What is stopped now, of a group or of all, oldest first."""
        rows = await self._database.fetch(_CURRENT, group)
        return [
            FlowStop(row["consumer_group"], row["flow"], row["target"], row["at"], restored(row["reason"]))
            for row in rows
        ]

    async def resume(self, stop: FlowStop, *, by: str, reason: str) -> bool:
        """End exactly that stop; who did it and why is kept. False if it has ended already."""
        place = stop.group, stop.flow, stop.target, stop.at
        return bool(await self._database.fetch(_RESUME, *place, self._clock.now(), storable(by), storable(reason)))
