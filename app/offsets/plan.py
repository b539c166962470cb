"""What stands in the way of a group, and what would mend it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from streams.ports import Partition
from streams.runtime.starting import Gap, gap_of
from streams.topics import RAW_ENTITIES, raw

Sources = Collection[tuple[str, str]]

MARGIN = timedelta(days=1)
"""How much earlier than the first lost record the systems are read again: a row may be older than its record, by a
webhook that was repeated or a poller that was down. What is read twice has no second effect."""


class Beginning(StrEnum):
    """Where a group begins that has no offset yet."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Place:
    """One partition as a group stands to it.

    Attributes:
        topic, partition: which one.
        committed: everything below it is done; None if the group has no offset there.
        first, end: the first record that the log has, and its next offset.
        done_at: time of the last record that the group has done, None if that is not known.
        first_at: time of the first record that the log has, None if it is empty.
    """

    topic: str
    partition: int
    committed: int | None
    first: int
    end: int
    done_at: datetime | None = None
    first_at: datetime | None = None

    @property
    def key(self) -> Partition:
        """Topic and partition."""
        return self.topic, self.partition

    @property
    def gap(self) -> Gap | None:
        """Why the group cannot go on here, None if it can."""
        return gap_of(self.key, self.committed, self.first, self.end)


@dataclass(frozen=True, slots=True)
class Repair:
    """What brings a group on its way again.

    Attributes:
        broken: the partitions with a gap.
        feeds: names of the polls that bring what was lost once more.
        since: from when on they must read; None if that is not known.
    """

    broken: tuple[Place, ...]
    feeds: tuple[str, ...]
    since: datetime | None

    @property
    def offsets(self) -> dict[Partition, int]:
        """What to commit: where the log starts, on the broken partitions only."""
        return {place.key: place.first for place in self.broken}


def repair_of(
    places: Iterable[Place], connections: Mapping[str, str], sources: Sources, since: datetime | None = None
) -> Repair:
    """What would mend the gaps among these places.

    Args:
        places: of one group.
        connections: system by name.
        sources: system and entity of every flow, of which there is a poll.
        since: where the systems shall be read again from, instead of what the gaps tell.
    """
    broken = tuple(place for place in places if place.gap is not None)
    return Repair(broken, feeds_of({place.topic for place in broken}, connections, sources), since or _since(broken))


def _since(broken: Sequence[Place]) -> datetime | None:
    known = [place.done_at for place in broken if place.done_at is not None]
    return min(known) - MARGIN if known and len(known) == len(broken) else None


def feeds_of(topics: Iterable[str], connections: Mapping[str, str], sources: Sources) -> tuple[str, ...]:
    """The polls from which these topics can be filled again; other topics are made from raw ones, so from all."""
    lost = set(topics)
    raw_topics = {raw(*entity) for entity in RAW_ENTITIES}
    wanted = lost if lost.issubset(raw_topics) else raw_topics
    return tuple(
        sorted(
            f"{name}.{entity}"
            for name, of_system in connections.items()
            for system, entity in sources
            if system == of_system and raw(system, entity) in wanted
        )
    )


def beginnings(places: Iterable[Place], at: Beginning) -> dict[Partition, int]:
    """What to commit where the group has no offset, so that it begins there."""
    return {
        place.key: place.first if at is Beginning.EARLIEST else place.end for place in places if place.committed is None
    }
