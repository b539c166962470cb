"""Absolute writes that may land late, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from schemas.ids import Ref
from streams.ports import Clock, Intent, LastApplied, OpenWrite, Revision

if TYPE_CHECKING:
    from tests.twins.store import MemoryApplied, MemoryHeld


@dataclass
class _Row:
    target: str
    write: OpenWrite
    opened_at: datetime
    open_until: datetime
    due_at: datetime

    def beside(self, other: _Row) -> bool:
        """Whether the two are different writes of one entity."""
        return self is not other and (self.target, self.write.entity) == (other.target, other.write.entity)


class MemoryOpenWrites:
    """Implements `streams.ports.OpenWrites`."""

    def __init__(self, applied: MemoryApplied, held: MemoryHeld, clock: Clock) -> None:
        self.rows: dict[int, _Row] = {}
        self._applied = applied
        self._held = held
        self._clock = clock
        self._ids = count(1)

    async def last_applied(self, target: str, entity: Ref) -> LastApplied:
        doubtful = any((row.target, row.write.entity) == (target, entity) for row in self.rows.values())
        return LastApplied((await self._applied.get(target, [entity])).get(entity), doubtful)

    async def open(self, target: str, intents: Collection[Intent], settle: timedelta) -> Mapping[Ref, OpenWrite]:
        now, opened = self._clock.now(), {}
        for intent in intents:
            claim = intent.claim
            if self._held.epochs.get((claim.group, claim.topic, claim.partition)) == claim.epoch:
                write = OpenWrite(next(self._ids), intent.entity, intent.receipt_id)
                self.rows[write.id] = _Row(target, write, now, now + settle, now + settle)
                opened[intent.entity] = write
        return opened

    async def landed(self, target: str, write: OpenWrite, revision: Revision | None) -> None:
        if revision is not None:
            await self._applied.put(target, {write.entity: revision})
        mine = self.rows.get(write.id)
        if mine is None:
            return
        others = [row for row in self.rows.values() if row.beside(mine)]
        for row in others:
            if row.open_until < mine.opened_at:
                del self.rows[row.write.id]
        if any(row.open_until >= mine.opened_at for row in others):
            now = self._clock.now()
            mine.open_until, mine.due_at = min(mine.open_until, now), min(mine.due_at, now)
        else:
            del self.rows[write.id]

    async def withdraw(self, writes: Collection[OpenWrite]) -> None:
        for write in writes:
            self.rows.pop(write.id, None)

    async def due(self, target: str, *, again: timedelta, limit: int) -> Sequence[OpenWrite]:
        now = self._clock.now()
        ready = [row for row in self.rows.values() if row.target == target and self._is_ready(row, now)]
        told = sorted(ready, key=lambda row: row.due_at)[:limit]
        for row in told:
            row.due_at = now + max(again, now - row.opened_at)
        newest = {row.write.entity: row.write for row in sorted(told, key=lambda row: row.write.id)}
        return list(newest.values())

    def _is_ready(self, row: _Row, now: datetime) -> bool:
        return row.due_at <= now and not any(
            other.beside(row) and other.open_until > now for other in self.rows.values()
        )
