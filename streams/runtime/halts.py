"""Partitions that are halted at a record that a newer version of Tillstream wrote, until they are assigned anew."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from streams.ports import Partition, Record

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Halt:
    offset: int
    why: str


class Halts:
    """Which partitions are halted, and from which offset on; what comes before is finished.

    While workers are replaced one by one, an old one is given what a new one wrote. It cannot read it, and must neither
    skip it nor end: it would be started again, be given it again, and do nothing for its other partitions meanwhile.
    """

    def __init__(self) -> None:
        self._halts: dict[Partition, _Halt] = {}
        self._on_halt: Callable[[str, int], None] = lambda _topic, _number: None

    def on_halt(self, tell: Callable[[str, int], None]) -> None:
        """``tell(topic, partition)`` is called once for each partition when it is halted."""
        self._on_halt = tell

    def add(self, record: Record, why: str) -> None:
        """The record's partition is halted at it; told in the log the first time."""
        partition = record.topic_partition
        known = self._halts.get(partition)
        if known is None:
            log.error("partition_halted", topic=record.topic, partition=record.partition, problem=why)
            self._on_halt(*partition)
        if known is None or record.offset < known.offset:
            self._halts[partition] = _Halt(record.offset, why)

    def stops(self, record: Record) -> bool:
        """Whether a record must wait."""
        halt = self._halts.get(record.topic_partition)
        return halt is not None and record.offset >= halt.offset

    def __contains__(self, partition: Partition) -> bool:
        return partition in self._halts

    def clear(self, partitions: Collection[Partition] | None = None) -> None:
        """Forget these partitions, or all: whoever has them looks at their records anew."""
        for partition in list(self._halts) if partitions is None else partitions:
            self._halts.pop(partition, None)

    def note(self) -> str | None:
        """For readiness: what is halted and what to do; None if nothing is."""
        return "; ".join(halt.why for _, halt in sorted(self._halts.items(), key=lambda item: item[0])) or None
