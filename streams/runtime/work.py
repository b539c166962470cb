"""What a stage's handler is given: the queued records of one key, and a place to say how far it got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.dead_letter import NO_DOCUMENTS, Documents
from schemas.envelope import Envelope
from schemas.ids import MissingLink
from streams.ports import HeldRecord, JournalEntry, Outcome, Record


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record with its envelope.

    Attributes:
        epoch: the claim on its partition under which it came.
        row: how it was held before, if it was.
    """

    record: Record
    envelope: Envelope
    epoch: int = 0
    row: HeldRecord | None = None

    @property
    def attempts(self) -> int:
        """Tries in earlier holds."""
        return self.row.hold.attempts if self.row else 0

    def looks(self, missing: MissingLink | None) -> int:
        """Looks at that link in earlier holds that found it missing."""
        return self.row.hold.looks if self.row and missing and self.row.hold.waits_for == missing else 0

    @property
    def replays(self) -> int:
        """Times that a person let it try again out of a review."""
        return self.row.replays if self.row else 0

    @property
    def key(self) -> str:
        """The record's key as text: the aggregate, or on raw topics the connection and the native id."""
        return self.record.key.decode("utf-8", "replace")

    def is_for(self, target: str) -> bool:
        """Whether that target shall be told."""
        return self.envelope.is_for(target)


@dataclass(slots=True)
class Work:
    """One turn of a handler: arrivals of one key, oldest first.

    The handler writes into it where it is (flow and its documents, step, target, subject), so that a failure anywhere
    below is told with the names that lead to the module that handles it.
    """

    stage: str
    arrivals: Sequence[Arrival]
    flow: str = ""
    step: str = ""
    target: str = ""
    subject: str = ""
    documents: Documents = NO_DOCUMENTS

    @property
    def last(self) -> Arrival:
        """The newest arrival."""
        return self.arrivals[-1]

    def entry(
        self, arrival: Arrival, outcome: Outcome, at: datetime, message: str = "", *, children: Iterable[str] = ()
    ) -> JournalEntry:
        """A journal line about one arrival, with the names gathered so far."""
        return JournalEntry(
            receipt_id=arrival.envelope.receipt_id,
            at=at,
            stage=self.stage,
            outcome=outcome,
            flow=self.flow or arrival.envelope.flow,
            step=self.step,
            target=self.target,
            subject=self.subject or arrival.envelope.subject or arrival.envelope.native_id,
            aggregate=arrival.key,
            message=message,
            topic=arrival.record.topic,
            partition=arrival.record.partition,
            offset=arrival.record.offset,
            children=tuple(children),
        )


def entry_of_held(row: HeldRecord, outcome: Outcome, at: datetime, message: str) -> JournalEntry:
    """A journal line about a held record, with the names that its hold kept."""
    hold, record = row.hold, row.record
    return JournalEntry(
        receipt_id=hold.receipt_id,
        at=at,
        stage=hold.stage,
        outcome=outcome,
        flow=hold.flow,
        step=hold.step,
        target=hold.target,
        subject=hold.subject,
        aggregate=hold.key,
        error=hold.error,
        message=message,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )


class Handler(Protocol):
    """A stage's own logic. It raises the errors of `streams/errors.py`; the stage decides on them."""

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        """Do the work; one line per arrival, none for what is for another target.

        Called again after a failure: safe to repeat.
        """
        ...

    def blocks(self, work: Work) -> bool:
        """Whether later records of the key must wait behind these if they are held.

        True for a create-once, whose dependants need it; False for a set-state, where the next value is better, and for
        what only asks to read: what is held finds itself older, or reads anew.
        """
        ...
