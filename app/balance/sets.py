"""The equation of conservation, from what is known about each id. Pure.

    accepted = ended + in review + parked + in flight + missing + twice

Nothing here is a difference: an id is *in flight* because Kafka shows it before a reader, *parked* because the held
table has it, and *missing* because nobody has it. Receipts of the door and the events that they caused (children,
`r1.s0`) have an equation each, so that a lost child does not hide behind its receipt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from schemas.envelope import is_child
from streams.ports import Outcome


class Seen(StrEnum):
    """Where an id was seen, other than at its end. No word is one of `Outcome`: equal words would count as one."""

    ACCEPTED = "accepted"
    """Kafka took it at the door, or a journal line names it as a child: it counts."""
    IN_FLIGHT = "in_flight"
    """In Kafka, at or above the committed offset of a group that it is for."""
    PARKED = "held"
    """Held, and goes on by itself."""
    BEHIND = "held_behind"
    """Held in a queue behind one that waits for a person."""
    REVIEW = "held_for_a_person"
    """Held for a person."""


Fact = Seen | Outcome
"""An outcome that ends the id, or where it was seen."""


@dataclass(frozen=True, slots=True)
class Equation:
    """What became of the accepted ids; each of them counts in exactly one place.

    Attributes:
        ended: by outcome.
        in_review: held for a person, or queued behind such a one.
        missing: accepted, and nowhere.
        twice: ended more than once, or ended while they wait for a person all the same.
    """

    accepted: int = 0
    ended: Mapping[Outcome, int] = field(default_factory=dict)
    in_review: int = 0
    parked: int = 0
    in_flight: int = 0
    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """True if each id is in one place."""
        return not self.missing and not self.twice

    @property
    def suspects(self) -> frozenset[str]:
        """Ids that a second look may clear."""
        return frozenset(self.missing + self.twice)

    def corrected(self, again: Equation) -> Equation:
        """This one, with what a later look at its suspects, and at nothing else, has found."""
        return Equation(
            accepted=self.accepted,
            ended=Counter(self.ended) + Counter(again.ended),
            in_review=self.in_review + again.in_review,
            parked=self.parked + again.parked,
            in_flight=self.in_flight + again.in_flight,
            missing=again.missing,
            twice=again.twice,
        )


@dataclass(frozen=True, slots=True)
class Equations:
    """Of the receipts that the door gave, and of the events that they caused."""

    receipts: Equation = Equation()
    children: Equation = Equation()

    @property
    def holds(self) -> bool:
        """True if both hold."""
        return self.receipts.holds and self.children.holds

    @property
    def suspects(self) -> frozenset[str]:
        """Ids that a second look may clear."""
        return self.receipts.suspects | self.children.suspects

    def corrected(self, again: Equations) -> Equations:
        """See `Equation.corrected`."""
        return Equations(self.receipts.corrected(again.receipts), self.children.corrected(again.children))


def weigh(facts: Iterable[tuple[str, Fact]]) -> Equations:
    """The equations of facts that are sorted by id; one that was not accepted does not count.

    Memory grows only with what is missing or twice.
    """
    receipts, children = _Tally(), _Tally()
    for receipt_id, known in groupby(facts, key=itemgetter(0)):
        tally = children if is_child(receipt_id) else receipts
        tally.add(receipt_id, [fact for _, fact in known])
    return Equations(receipts.equation(), children.equation())


class _Tally:
    """Counts ids by where they are."""

    def __init__(self) -> None:
        self._counted: Counter[Fact] = Counter()
        self._missing: list[str] = []
        self._twice: list[str] = []

    def add(self, receipt_id: str, facts: list[Fact]) -> None:
        """Count one id, at the place that is furthest along: what has ended is in Kafka for a while still."""
        if Seen.ACCEPTED not in facts:
            return
        self._counted[Seen.ACCEPTED] += 1
        ends = [fact for fact in facts if isinstance(fact, Outcome)]
        if len(ends) > 1 or (ends and Seen.REVIEW in facts):
            self._twice.append(receipt_id)
            return
        places: list[Fact] = [*ends, *(seen for seen in _NEAREST_THE_END if seen in facts)]
        if places:
            self._counted[places[0]] += 1
        else:
            self._missing.append(receipt_id)

    def equation(self) -> Equation:
        """What was counted."""
        counted = self._counted
        return Equation(
            accepted=counted[Seen.ACCEPTED],
            ended={outcome: counted[outcome] for outcome in Outcome if counted[outcome]},
            in_review=counted[Seen.REVIEW] + counted[Seen.BEHIND],
            parked=counted[Seen.PARKED],
            in_flight=counted[Seen.IN_FLIGHT],
            missing=tuple(self._missing),
            twice=tuple(self._twice),
        )


_NEAREST_THE_END = (Seen.REVIEW, Seen.BEHIND, Seen.PARKED, Seen.IN_FLIGHT)
