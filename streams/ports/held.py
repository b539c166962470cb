"""Events that wait: why, for what, and the port that keeps them in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from schemas.dead_letter import DeadLetter
from schemas.ids import MissingLink
from streams.ports.kafka import Record


class HoldReason(StrEnum):
    """What a held event waits for."""

    TIME = "time"
    LINK = "link"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Hold:
    """A decision to hold a record.

    Attributes:
        key: the aggregate, or the record's key before that is known. Later records of it queue behind.
        due_at: when to try again; None for a person. Something that waits for a link looks again then, too.
        waits_for: link that makes it due; also with a person, if an alias releases it.
        blocks: later events of the key wait behind it. False after a dead set-state.
        attempts: tries that failed, whatever they failed at.
        looks: looks at what it waits for, in a row, that found it missing.
        error, message: for the operator.
        letter: everything that is known about why; of what waits for a person only.
    """

    key: str
    reason: HoldReason
    stage: str
    receipt_id: str
    subject: str = ""
    flow: str = ""
    step: str = ""
    target: str = ""
    due_at: datetime | None = None
    waits_for: MissingLink | None = None
    blocks: bool = True
    attempts: int = 0
    looks: int = 0
    error: str = ""
    message: str = ""
    letter: DeadLetter | None = None


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record in the held table.

    Attributes:
        seq: orders the records of a key.
        record: as it came, byte for byte.
        held_at: when it was held first.
        replays: times that a person let it try again out of a review.
        edited: the body that a person put in place of the record's; None if nobody did.
        edited_by: who did.
        given_up: who gave it up and why, which the partition's owner carries out; empty if nobody did.
    """

    seq: int
    hold: Hold
    record: Record
    held_at: datetime
    replays: int = 0
    edited: bytes | None = None
    edited_by: str = ""
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key with held records, where later ones must queue behind."""

    topic: str
    partition: int
    key: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is in Kafka. Its time tells it from one of a topic that was made anew and counts from 0 again."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int

    @classmethod
    def of(cls, record: Record) -> Place:
        """The record's."""
        return cls(record.topic, record.partition, record.offset, record.timestamp_ms)


class Held(Protocol):
    """Events that wait, in order per key. One row for each `Place` of a consumer group ``group``.

    What a worker writes about a partition carries the epoch of its claim. Once another claim has been made, also by the
    same worker, it raises Fenced and writes nothing: the record is with the new owner, who may have delivered it.
    """

    async def claim(self, group: str, topic: str, partitions: Collection[int], owner: str) -> Mapping[int, int]:
        """Take partitions over; returns the new epoch of each. What earlier claims wrote is all written by then."""
        ...

    async def hold(self, group: str, record: Record, hold: Hold, *, epoch: int) -> None:
        """Insert, or update the row of the same record, unless that was given up. Durable on return. Raises Fenced.

        If ``waits_for`` is linked already by the time of the transaction, the row is due at once.
        """
        ...

    async def queue(self, group: str, record: Record, hold: Hold, *, epoch: int) -> None:
        """Insert; a record that is held already, and was given again, stays as it is. Raises Fenced."""
        ...

    async def blocked(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[HeldKey]:
        """Keys behind which later records must queue."""
        ...

    async def due(
        self,
        group: str,
        topic: str,
        partitions: Collection[int],
        now: datetime,
        limit: int,
        besides: Collection[int] = (),
    ) -> Sequence[HeldRecord]:
        """The lowest-seq record of each key, where it is due (``due_at`` ≤ now); non-blocking rows too.

        What was given up waits for no earlier one, and comes first. Those of which the ``seq`` is among ``besides`` are
        left out, and take up none of the ``limit``.
        """
        ...

    async def get(self, group: str, record: Record) -> HeldRecord | None:
        """A held record as it is now; None if it is not held any more."""
        ...

    async def remove(self, group: str, record: Record, *, epoch: int) -> bool:
        """Delete the record's row after it ended, and keep its place. True if its key still has blocking rows.

        Raises Fenced.
        """
        ...

    async def settled(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[Place]:
        """Places whose record needs no turn when Kafka gives it again: it ended after a hold, or is held and no more.

        Those that block are not among them: whoever is given one queues it, and it stays as it is.
        """
        ...

    async def forget(self, group: str, topic: str, below: Mapping[int, int]) -> None:
        """Drop what is kept of ended records below an offset of each partition: Kafka does not give them again."""
        ...
