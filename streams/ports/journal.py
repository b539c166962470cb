"""What became of each receipt: the outcomes, and the port that keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What a stage did with a receipt. The first five end it."""

    DELIVERED = "delivered"
    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    FILTERED = "filtered"
    DISCARDED = "discarded"
    PASSED = "passed"
    """Handed on to the next stage."""
    PARKED = "parked"
    """Held for a time or a link; it goes on by itself."""
    IN_REVIEW = "in_review"
    """Held for a person."""
    RELEASED = "released"
    """A hold ended and the receipt goes on."""

    @property
    def ends(self) -> bool:
        """True if nothing more happens to the receipt."""
        return self in _FINAL


_FINAL = frozenset(
    {Outcome.DELIVERED, Outcome.SUPERSEDED, Outcome.UNCHANGED, Outcome.FILTERED, Outcome.DISCARDED},
)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of a receipt's story.

    Attributes:
        stage: package in `streams/` (``normalize``, ``inventory``, ``deliver``).
        flow: id of the flow document (`streams/flows/<flow>.yaml`).
        step: the port's method, and the function in `app/<system>/`; empty where no call was made.
        target: connection that was written to; empty before deliver.
        subject: order number or SKU.
        aggregate: canonical key.
        error: class name in `streams/errors.py`, empty if none.
        message: what happened and what to do next, for the operator.
        topic, partition, offset: the record that caused it.
        children: events that were published because of it, by the suffix of their receipt ids (``s0`` for ``r1.s0``).
            Each has an end of its own; one that is named and is nowhere is missing.
    """

    receipt_id: str
    at: datetime
    stage: str
    outcome: Outcome
    flow: str = ""
    step: str = ""
    target: str = ""
    subject: str = ""
    aggregate: str = ""
    error: str = ""
    message: str = ""
    topic: str = ""
    partition: int = -1
    offset: int = -1
    children: tuple[str, ...] = ()


class Journal(Protocol):
    """Keeps what became of each receipt. The first final outcome of a receipt stays; a repeat is dropped."""

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        """Return when the entries are durable. Writers in one process share a batch."""
        ...
