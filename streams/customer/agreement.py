"""What two linked records agree on, and what must be written to either so that they agree again.

`settle` takes what one or both sides tell and says what to write; `landed` takes a write's answer. Between them nothing
is remembered: the agreement is all there is, and whoever keeps it keeps it before a write's first byte leaves. A worker
that dies in between finds the write pending, and settling again sends it again. Writes are absolute, so twice is once.

Neither system takes a write only if nothing changed, so give `settle` the target as read just now: an edit of the same
field from between that reading and the write is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from streams.customer.consent import merge_consent, needs_writing
from streams.customer.echo import Field, Mirror, Side, Telling, Value, Verdict, judge, members
from streams.customer.flips import Restlessness, Turn
from streams.customer.ownership import FieldRule, Kind, Ownership, Settled, Told, merge_set, merge_value

SIDES = (Side.WEB, Side.POS)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A link's two records, as they were last known and as they should be."""

    web: Mirror = field(default_factory=Mirror)
    pos: Mirror = field(default_factory=Mirror)
    turns: tuple[Turn, ...] = ()

    def on(self, side: Side) -> Mirror:
        """The record on one side."""
        return self.web if side is Side.WEB else self.pos

    def put(self, side: Side, mirror: Mirror) -> Agreement:
        """With another record on one side."""
        return replace(self, web=mirror) if side is Side.WEB else replace(self, pos=mirror)

    def wanted(self, name: str) -> Field | None:
        """What was agreed on for a field; None if nothing was yet."""
        return self.web.intended.get(name, self.pos.intended.get(name))

    def calmed(self) -> Agreement:
        """Without the memory of what went back and forth: a person has dealt with it."""
        return replace(self, turns=())


@dataclass(frozen=True, slots=True)
class Change:
    """What to write into a field.

    Attributes:
        wanted: all that it shall hold.
        gone: members of a set that must go. What else is found there when it is written, stays.
    """

    wanted: Field
    gone: frozenset[Value] = frozenset()


@dataclass(frozen=True, slots=True)
class Settlement:
    """What follows from a telling.

    Attributes:
        agreement: to be kept before anything is written.
        writes: for each side that must be written to, the fields.
        read_again: sides whose telling is as new as what is known and different: only reading tells.
        notes: edits that did not count, for the journal.
        review: why a person must look before anything is written; empty if none must.
    """

    agreement: Agreement
    writes: Mapping[Side, Mapping[str, Change]]
    read_again: frozenset[Side] = frozenset()
    notes: tuple[str, ...] = ()
    review: str = ""


def settle(
    ownership: Ownership,
    agreement: Agreement,
    tellings: Mapping[Side, Telling],
    *,
    now: datetime,
    restlessness: Restlessness | None = None,
) -> Settlement:
    """What the two records shall be, given what one or both sides tell.

    Args:
        tellings: a side that is missing is taken as it was last known.
        now: by which going back and forth is measured.
        restlessness: how much of that is too much.
    """
    verdicts = {side: judge(agreement.on(side), telling) for side, telling in tellings.items()}
    again = frozenset(side for side, verdict in verdicts.items() if verdict is Verdict.READ_AGAIN)
    heard = {side: tellings[side] for side, verdict in verdicts.items() if verdict in (Verdict.NEWS, Verdict.ECHO)}
    fields = _merged(ownership, agreement, heard, now)

    limits = restlessness or Restlessness()
    turns = limits.recent(agreement.turns, now) + tuple(turn for one in fields for turn in one.turns(now))
    restless = limits.restless(turns)
    if restless:
        return Settlement(agreement, {}, again, review=_restless(restless, limits))
    made = replace(agreement, turns=turns)
    writes: dict[Side, Mapping[str, Change]] = {}
    for side in SIDES:
        sent = {one.name: one.changes[side] for one in fields if side in one.changes}
        kept = {one.name: one.settled.wanted for one in fields if side in one.told}
        mirror = made.on(side).heard(heard[side]) if side in heard else made.on(side)
        made = made.put(side, mirror.intending(kept, frozenset(sent)))
        if sent:
            writes[side] = sent
    return Settlement(made, writes, again, tuple(one.settled.note for one in fields if one.settled.note))


def landed(agreement: Agreement, side: Side, answer: Telling) -> Agreement:
    """After a side answered the write of everything that was pending there.

    The answer may tell more than our write, so it must be settled next, as a fresh telling.
    """
    return agreement.put(side, agreement.on(side).landed(answer))


@dataclass(frozen=True, slots=True)
class _FieldMerge:
    """One field: what each side tells, what it shall be, and what that changes where."""

    name: str
    told: Mapping[Side, Told]
    settled: Settled
    changes: Mapping[Side, Change]

    def turns(self, now: datetime) -> tuple[Turn, ...]:
        """A turn for each side whose change made a write. Linking two records is no change of either."""
        if not self.changes or any(one.new for one in self.told.values()):
            return ()
        changed = (side for side, one in self.told.items() if one.changed)
        return tuple(Turn(now, self.name, side, taken_back=side in self.changes) for side in changed)


def _merged(
    ownership: Ownership, agreement: Agreement, heard: Mapping[Side, Telling], now: datetime
) -> list[_FieldMerge]:
    """Every owned field that at least one side has told."""
    current = {side: {**agreement.on(side).read_back, **_projection(heard.get(side))} for side in SIDES}
    at = {side: heard[side].at if side in heard else agreement.on(side).at or now for side in SIDES}
    fresh = {side for side, telling in heard.items() if telling.fresh}
    fields = []
    for name, rule in ownership.fields.items():
        told = {
            side: Told(side, name, current[side][name], agreement.on(side)) for side in SIDES if name in current[side]
        }
        if not told:
            continue
        settled = _merge(ownership, rule, agreement.wanted(name), told, at)
        changes = {
            side: Change(settled.wanted, members(one.now) - members(settled.wanted))
            for side, one in told.items()
            if _must_write(rule, one, settled.wanted, fresh=side in fresh)
        }
        fields.append(_FieldMerge(name, told, settled, changes))
    return fields


def _projection(telling: Telling | None) -> Mapping[str, Field]:
    return telling.projection if telling else {}


def _merge(
    ownership: Ownership,
    rule: FieldRule,
    agreed: Field | None,
    told: Mapping[Side, Told],
    at: Mapping[Side, datetime],
) -> Settled:
    if rule.kind is Kind.SET:
        return merge_set(rule, agreed, told)
    if rule.kind is Kind.CONSENT:
        return merge_consent(rule, agreed, told, at)
    return merge_value(ownership, rule, agreed, told)


def _must_write(rule: FieldRule, told: Told, wanted: Field, *, fresh: bool) -> bool:
    if rule.kind is Kind.CONSENT and not needs_writing(told, wanted):
        return False
    return not told.before.holds(told.name, wanted, told.now, fresh=fresh)


def _restless(names: tuple[str, ...], limits: Restlessness) -> str:
    minutes = int(limits.window.total_seconds() // 60)
    return (
        f"{', '.join(names)} went back and forth between the web store and the point of sale {limits.flips} times "
        f"within {minutes} minutes: something on each side sets it again. Find out what does, or let one side own the "
        f"field in the flow's owns; then replay this event. Until then nothing is written"
    )
