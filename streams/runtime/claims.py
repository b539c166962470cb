"""The partitions that this worker owns, and what may still be begun on them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from streams.ports import Clock, Partition, Record
from streams.runtime.halts import Halts
from streams.runtime.lanes import NotDone


class Claims:
    """Each owned partition under the epoch of its claim; nothing is begun on one before it is owned."""

    def __init__(self, clock: Clock) -> None:
        self.halts = Halts()
        self._clock = clock
        self._assigned: set[Partition] = set()
        self._epochs: dict[Partition, int] = {}
        self._leaving: frozenset[Partition] = frozenset()
        self._disturbed = asyncio.Event()

    @property
    def workable(self) -> list[Partition]:
        """The owned partitions that are not halted."""
        return [owned for owned in self._epochs if owned not in self.halts]

    # -- what comes and goes --------------------------------------------------------------------------------------

    def assigned(self, partitions: Collection[Partition]) -> None:
        """Exactly these partitions are to be taken over; none is owned before it is `taken`."""
        self._assigned = set(partitions)
        self._epochs.clear()
        self.halts.clear()
        self._leaving = frozenset()
        self._disturbed.clear()

    def taken(self, topic: str, epochs: Mapping[int, int]) -> None:
        """Own partitions of a topic, under these epochs, but for those that have gone meanwhile."""
        for number, epoch in epochs.items():
            if (topic, number) in self._assigned:  # and it may have been claimed anew
                self._epochs[topic, number] = max(epoch, self._epochs.get((topic, number), 0))

    def leaving(self, partitions: Collection[Partition]) -> None:
        """Partitions are about to go: what waits for its next try gives up at once, what is under way may end."""
        self._leaving = frozenset(partitions)
        self._disturbed.set()

    def revoked(self, partitions: Collection[Partition]) -> None:
        """Another worker takes these partitions over."""
        for partition in partitions:
            self._assigned.discard(partition)
            self._epochs.pop(partition, None)
        self.halts.clear(partitions)

    # -- what may be begun ----------------------------------------------------------------------------------------

    def epoch(self, record: Record) -> int:
        """The claim under which something may be begun for a record.

        Raises:
            NotDone: its partition is not ours, is about to go, or is halted before it.
        """
        epoch = self._epochs.get(record.topic_partition)
        if epoch is None or record.topic_partition in self._leaving or self.halts.stops(record):
            raise NotDone
        return epoch

    def owns(self, record: Record, epoch: int) -> bool:
        """Whether what was begun under that claim is still this worker's matter."""
        return self._epochs.get(record.topic_partition) == epoch

    def works_on(self, record: Record, epoch: int) -> bool:
        """Whether to try again: the partition is ours and is not about to go."""
        return self.owns(record, epoch) and record.topic_partition not in self._leaving

    async def pause(self, seconds: float) -> None:
        """Wait before the next try; over at once when partitions are about to go."""
        waits = [asyncio.ensure_future(self._clock.sleep(seconds)), asyncio.ensure_future(self._disturbed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
