"""The partitions that this worker owns, and what may still be begun on them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

import structlog

from streams.ports import Clock, Partition, Record
from streams.runtime.halts import Halts
from streams.runtime.lanes import NotDone

log = structlog.get_logger(__name__)

WATCH_SECONDS = 1.0
"""Time between two looks at the partitions that were lost."""


class ClaimLost(RuntimeError):
    """A later claim than ours stands on a partition that Kafka leaves with us: nobody works on it.

    A stale claim does that: of a worker that was frozen, or waited for the store, while the group moved on. Only a new
    assignment mends it.
    """


class Claims:
    """Each owned partition under the epoch of its claim; nothing is begun on one before it is owned."""

    def __init__(self, clock: Clock) -> None:
        self.halts = Halts()
        self._clock = clock
        self._assignment = 0
        self._epochs: dict[Partition, int] = {}
        self._lost: dict[Partition, datetime] = {}
        self._leaving: frozenset[Partition] = frozenset()
        self._disturbed = asyncio.Event()

    @property
    def workable(self) -> Mapping[Partition, int]:
        """The partitions on which something may be begun, with the epochs of their claims."""
        return {
            owned: epoch
            for owned, epoch in self._epochs.items()
            if owned not in self._leaving and owned not in self.halts
        }

    # -- what comes and goes --------------------------------------------------------------------------------------

    def assigned(self) -> int:
        """Partitions are to be taken over; none is owned before it is `taken`, nor what was owned before.

        Returns:
            the number of the assignment.
        """
        self._epochs.clear()
        self._lost.clear()
        self.halts.clear()
        self._leaving = frozenset()
        self._disturbed.clear()
        return self._supersede()

    def stands(self, assignment: int) -> bool:
        """Whether nothing came or went since that assignment. Who claims a partition after it fences its owner."""
        return assignment == self._assignment

    def taken(self, topic: str, epochs: Mapping[int, int]) -> None:
        """Own partitions of a topic, under these epochs."""
        self._epochs |= {(topic, number): epoch for number, epoch in epochs.items()}

    def lost(self, partition: Partition) -> None:
        """A write under our claim was refused, as there is a later one; Kafka has told us nothing of it yet."""
        self._epochs.pop(partition, None)
        self._lost.setdefault(partition, self._clock.now())
        log.warning("partition_lost", topic=partition[0], partition=partition[1], problem=_told([partition]))

    def leaving(self, partitions: Collection[Partition]) -> None:
        """Partitions are about to go: what waits for its next try gives up at once, what is under way may end."""
        self._supersede()
        self._leaving = frozenset(partitions)
        self._disturbed.set()
        self._forget_lost(partitions)

    def revoked(self, partitions: Collection[Partition]) -> None:
        """Another worker takes these partitions over."""
        self._supersede()
        for partition in partitions:
            self._epochs.pop(partition, None)
        self.halts.clear(partitions)
        self._forget_lost(partitions)

    def _supersede(self) -> int:
        self._assignment += 1
        return self._assignment

    def _forget_lost(self, partitions: Collection[Partition]) -> None:
        """Kafka hands them out anew, so somebody claims them."""
        for partition in partitions:
            self._lost.pop(partition, None)

    # -- what was lost --------------------------------------------------------------------------------------------

    async def watch(self, patience: float) -> None:
        """Watch for ever over what was lost.

        Raises:
            ClaimLost: Kafka left a lost partition with us for ``patience`` seconds.
        """
        while True:
            await self._clock.sleep(WATCH_SECONDS)
            now = self._clock.now()
            overdue = [lost for lost, since in self._lost.items() if (now - since).total_seconds() >= patience]
            if overdue:
                raise ClaimLost(
                    f"{_told(overdue)} Kafka has not handed it out anew within {patience:g} s, so this worker ends. "
                    "Start it again if nothing does: the group then hands out all partitions anew, and nothing is lost"
                )

    def note(self) -> str | None:
        """For readiness: what was lost and what comes of it; None if nothing was."""
        if not self._lost:
            return None
        return f"{_told(self._lost)} Wait: Kafka hands it out anew in a moment, or this worker ends to make it do so."

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


def _told(partitions: Collection[Partition]) -> str:
    names = ", ".join(f"{topic} {number}" for topic, number in sorted(partitions))
    return f"Another worker has claimed {names} since this one did; nothing of it is worked on here."
