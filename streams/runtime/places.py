"""Records that Kafka may give again though they need no turn any more: places at or above what is committed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from streams.ports import Held, Partition, Place, Record


class SettledPlaces:
    """The owned partitions' places of records that ended after a hold, or are held and let others pass.

    Behind a record that is stuck nothing is committed, so a restart is given all that followed it once more. What was
    drained or given up meanwhile must not happen again. Looked up in memory; the store keeps it for the next owner.
    """

    def __init__(self, held: Held, group: str) -> None:
        self._held = held
        self._group = group
        self._places: dict[Partition, dict[int, Place]] = {}

    def start(self, partitions: Collection[Partition]) -> None:
        """Own exactly these partitions, of which nothing is known yet."""
        self._places = {partition: {} for partition in partitions}

    async def load(self, topic: str, numbers: Collection[int]) -> None:
        """Learn what is known of a topic's partitions. Raises like the store."""
        for place in await self._held.settled(self._group, topic, numbers):
            self._put(place)

    def add(self, record: Record) -> None:
        """A record needs no turn from now on."""
        self._put(Place.of(record))

    def drop(self, partition: Partition) -> None:
        """The partition has gone."""
        self._places.pop(partition, None)

    def __contains__(self, record: Record) -> bool:
        known = self._places.get(record.topic_partition, {}).get(record.offset)
        return known is not None and known == Place.of(record)

    async def forget_below(self, committed: Mapping[Partition, int]) -> None:
        """Forget what Kafka will not give again; asks the store only where there is something. Raises like it."""
        passed: dict[str, dict[int, int]] = defaultdict(dict)
        for partition, offset in committed.items():
            if any(known < offset for known in self._places.get(partition, ())):
                passed[partition[0]][partition[1]] = offset
        for topic, below in passed.items():
            await self._held.forget(self._group, topic, below)
            for number, offset in below.items():
                places = self._places.get((topic, number), {})
                for known in [known for known in places if known < offset]:
                    del places[known]

    def _put(self, place: Place) -> None:
        known = self._places.get((place.topic, place.partition))
        if known is not None:  # it may have gone meanwhile
            known[place.offset] = place
