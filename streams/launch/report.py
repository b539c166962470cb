"""What observing flows would have done, counted from their lines in the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from streams.deliver.operations import OPERATIONS, OperationKind
from streams.launch import observed
from streams.ports import Outcome


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal that a delivery wrote; the names are those of `streams.ports.JournalEntry`."""

    flow: str
    target: str
    aggregate: str
    subject: str
    step: str
    outcome: Outcome
    message: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What one flow would have done in one target.

    Attributes:
        create: things that it would have made there.
        update: things whose values it would have set.
        skip: what it would have left as it is.
        review: what waits for a person.
        mails: people who would have got an e-mail.
    """

    create: int = 0
    update: int = 0
    skip: int = 0
    review: int = 0
    mails: int = 0

    def __str__(self) -> str:
        """As it is told: ``would create 12, update 340, skip 9, would e-mail 0 people``."""
        review = f"; {self.review} in review" if self.review else ""
        counts = f"would create {self.create}, update {self.update}, skip {self.skip}"
        return f"{counts}, would e-mail {people(self.mails)}{review}"


Place = tuple[str, str]
"""A flow and a target."""


class ObserveReport:
    """Counts each thing once, however often its source told it."""

    def __init__(self) -> None:
        self._writes: dict[tuple[str, ...], Line] = {}
        self._left: dict[tuple[str, str, str], Line] = {}

    def add(self, line: Line) -> None:
        """Take in one line; later ones count."""
        place = line.flow, line.target, line.aggregate
        told = observed.read(line.message)
        if told is not None:
            # what is made once is told by its name, what is set by the values that it would get
            name = told.what if _creates(line) else line.step
            self._writes[*place, name] = line
            self._left.pop(place, None)
        elif line.outcome in _LEFT:
            self._left[place] = line

    def lines(self) -> Iterator[tuple[str, Line]]:
        """Everything that was counted, with what it was counted as: create, update, skip or review."""
        for line in self._writes.values():
            yield ("create" if _creates(line) else "update"), line
        written = {key[:3] for key in self._writes}
        for place, line in self._left.items():
            if _for_a_person(line) or place not in written:
                yield ("review" if _for_a_person(line) else "skip"), line

    def tallies(self) -> Mapping[Place, Tally]:
        """By flow and target."""
        counted: dict[Place, dict[str, int]] = {}
        mailed: dict[Place, set[str]] = {}
        for what, line in self.lines():
            place = line.flow, line.target
            counts = counted.setdefault(place, {})
            counts[what] = counts.get(what, 0) + 1
            if mails(line):
                mailed.setdefault(place, set()).add(line.aggregate)
        return {place: Tally(**counts, mails=len(mailed.get(place, ()))) for place, counts in sorted(counted.items())}


_LEFT = frozenset({Outcome.FILTERED, Outcome.UNCHANGED, Outcome.IN_REVIEW})


def people(number: int) -> str:
    """So many, in words."""
    return "1 person" if number == 1 else f"{number} people"


def mails(line: Line) -> bool:
    """Whether the customer would have got an e-mail."""
    told = observed.read(line.message)
    return told is not None and told.mails


def _for_a_person(line: Line) -> bool:
    return line.outcome is Outcome.IN_REVIEW or observed.is_refused(line.message)


def _creates(line: Line) -> bool:
    operation = OPERATIONS.get(line.step)
    return operation is not None and operation.kind is OperationKind.CREATE_ONCE
