"""Where a group may start on a partition, and when a person must decide that. Pure.

A committed offset that is still in the log is where the group goes on. Without one it starts at the log's start, but
only if that is 0, where nothing can be missing: a first start needs nobody. If the log has lost its beginning, Kafka
cannot tell a new group from one whose offsets expired, and somebody must say which it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from streams.ports import Partition


@dataclass(frozen=True, slots=True)
class Gap:
    """A partition on which a group cannot go on.

    Attributes:
        topic, partition: which one.
        committed: everything below it is processed; None if the group has no offset there.
        first: where the log starts now.
    """

    topic: str
    partition: int
    committed: int | None
    first: int

    @property
    def gone(self) -> int:
        """At most so many records were lost; of a group without an offset, all that were ever deleted."""
        return max(0, self.first - (self.committed or 0))

    def __str__(self) -> str:
        place = f"{self.topic} {self.partition}"
        if self.committed is None:
            return f"{place} has no committed offset, and its log starts at {self.first}"
        if self.committed < self.first:
            return f"{place} is processed up to offset {self.committed}, but its log starts at {self.first}"
        return f"{place} is processed up to offset {self.committed}, which its log has not reached: it was made anew"


class OffsetsLost(RuntimeError):
    """Records that the group may not have processed are no longer in Kafka's log. A person must decide where to go on.

    It says where; libraries log it on its way. What to do is told once, by whoever ends the process.

    Attributes:
        gaps: where.
        advice: what to do, with the commands.
    """

    def __init__(self, group: str, gaps: tuple[Gap, ...]) -> None:
        super().__init__(
            f"records that {group} may not have processed are not in Kafka any more: {'; '.join(map(str, gaps))}"
        )
        self.gaps = gaps
        self.advice = (
            "Retention was shorter than the outage, or the topic was made anew. Nothing is skipped without you, and a "
            "new start does not help. Stop the group's workers, look at what is gone and what the repair will do, then "
            f"do it:\n  tillstream offsets repair {group}\n  tillstream offsets repair {group} --apply"
        )
        if any(gap.committed is None for gap in gaps):
            self.advice += (
                f"\nIf {group} is new and has never run, say instead where it begins (latest leaves out what is "
                f"there):\n  tillstream offsets start {group} --at earliest"
            )


def gap_of(place: Partition, committed: int | None, first: int, end: int | None = None) -> Gap | None:
    """Why the group cannot go on there, None if it can.

    Args:
        place: topic and partition.
        committed: the group's offset, None if it has none.
        first: where the log starts.
        end: the next offset of the log; None if it is not known, then only a fetch tells an offset beyond it.
    """
    start = committed or 0
    lost = start < first or (end is not None and start > end)
    return Gap(*place, committed, first) if lost else None


def gaps_of(committed: Mapping[Partition, int | None], first: Mapping[Partition, int]) -> tuple[Gap, ...]:
    """All gaps among these partitions, in order."""
    found = (gap_of(place, offset, first[place]) for place, offset in sorted(committed.items(), key=lambda at: at[0]))
    return tuple(gap for gap in found if gap is not None)


def note_of(done_ms: int | None) -> str:
    """What is committed beside an offset: the time of the last record below it, for whoever must find what is gone."""
    return "" if done_ms is None else datetime.fromtimestamp(done_ms / 1000, UTC).isoformat(timespec="milliseconds")


def noted(note: str) -> datetime | None:
    """The time in such a note; None if somebody else has set the offset, or nothing was done below it."""
    try:
        at = datetime.fromisoformat(note)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
