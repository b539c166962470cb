"""Lanes of their own for each system that turns wait for: one that is down keeps its own, and not the others'."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from streams.ports import Record
from streams.runtime.lanes import Done, Lanes, Work


class Bulkheads:
    """Several `Lanes` for the records of one topic, in the place of one.

    Args:
        parts: lanes by name, each with its own width and capacity.
        rest: for keys of no part.
        part_of: the part's name by the key.
    """

    def __init__(self, parts: Mapping[str, Lanes], rest: Lanes, part_of: Callable[[bytes], str]) -> None:
        self._parts = parts
        self._rest = rest
        self._part_of = part_of
        self._all = [*parts.values(), rest]

    @property
    def pending(self) -> int:
        """Records submitted and not done."""
        return sum(part.pending for part in self._all)

    async def submit(self, record: Record, key: bytes, done: Done) -> None:
        """See `Lanes.submit`. Waits while the key's own part is full."""
        await self._of(key).submit(record, key, done)

    async def run_in_lane(self, key: bytes, work: Work) -> None:
        """See `Lanes.run_in_lane`."""
        await self._of(key).run_in_lane(key, work)

    def drop_unstarted(self, partitions: Collection[tuple[str, int]]) -> None:
        """See `Lanes.drop_unstarted`."""
        for part in self._all:
            part.drop_unstarted(partitions)

    async def drain(self, timeout: float) -> bool:
        """See `Lanes.drain`."""
        return all(await asyncio.gather(*(part.drain(timeout) for part in self._all)))

    async def close(self) -> None:
        """See `Lanes.close`."""
        for part in self._all:
            await part.close()

    def _of(self, key: bytes) -> Lanes:
        return self._parts.get(self._part_of(key), self._rest)
