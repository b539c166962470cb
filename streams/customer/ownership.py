"""Which side owns which field, and what a field shall be when both sides have told it: a three-way merge.

The third way is what was agreed last. Only what a side changed since then counts, so that a side that has merely not
heard yet takes nothing back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from streams.customer.echo import Field, Mirror, Side, Value, members


class Owner(StrEnum):
    """Who decides a field."""

    WEB = "web"
    POS = "pos"
    SHARED = "shared"
    """Whoever changes it; if both did, the side that the ownership prefers."""

    def has(self, side: Side) -> bool:
        """Whether that side decides it, alone or with the other."""
        return self is Owner.SHARED or self == Owner(side)


class Kind(StrEnum):
    """How two tellings of a field are merged."""

    VALUE = "value"
    """One of them counts."""
    SET = "set"
    """What either side adds is added; what an owner removes is removed; what another removes is put back."""
    CONSENT = "consent"
    """An opt-out of either side counts, an opt-in only of an owner; see `streams.customer.consent`."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """Who decides a field, and how."""

    owner: Owner
    kind: Kind = Kind.VALUE


CUSTOMER_FIELDS: Mapping[str, FieldRule] = {
    "email": FieldRule(Owner.WEB),
    "first_name": FieldRule(Owner.WEB),
    "last_name": FieldRule(Owner.WEB),
    "company": FieldRule(Owner.WEB),
    "phone": FieldRule(Owner.SHARED),
    "addresses": FieldRule(Owner.WEB, Kind.SET),
    "consent.email": FieldRule(Owner.WEB, Kind.CONSENT),
    "consent.sms": FieldRule(Owner.WEB, Kind.CONSENT),
    "consent.phone": FieldRule(Owner.WEB, Kind.CONSENT),
    "consent.post": FieldRule(Owner.WEB, Kind.CONSENT),
    "group": FieldRule(Owner.POS),
    "loyalty_points": FieldRule(Owner.POS),
    "notes": FieldRule(Owner.POS),
}
"""Unless a flow says otherwise. Heartland is the ledger of points; a flag of the point of sale never subscribes anyone
in the web store unless a flow shares that consent."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """A flow's ``owns``. A field that it does not name is neither read nor written.

    Attributes:
        prefers: whose change of a shared field counts when both changed it. No clock decides it: there are two.
    """

    fields: Mapping[str, FieldRule] = field(default_factory=lambda: CUSTOMER_FIELDS)
    prefers: Side = Side.WEB

    def first(self, rule: FieldRule) -> Side:
        """The side that is asked first about a field."""
        return self.prefers if rule.owner is Owner.SHARED else Side(rule.owner)


@dataclass(frozen=True, slots=True)
class Told:
    """A field as one side tells it now, and as it was known there before."""

    side: Side
    name: str
    now: Field
    before: Mirror

    @property
    def new(self) -> bool:
        """Whether that side tells it for the first time: nothing was agreed with it yet."""
        return self.name not in self.before.intended and self.name not in self.before.read_back

    @property
    def changed(self) -> bool:
        """Whether that side changed it."""
        return not self.before.knows(self.name, self.now)

    @property
    def added(self) -> frozenset[Value]:
        """Members of a set that are new there, by someone else than us."""
        ours = self._intended | self.before.sent.get(self.name, frozenset()) if self._pending else frozenset()
        return members(self.now) - self._read_back - ours

    @property
    def removed(self) -> frozenset[Value]:
        """Members of a set that were there and are not any more, by someone else than us."""
        known = self._read_back & self._intended if self._pending else self._read_back
        return known - members(self.now)

    @property
    def _pending(self) -> bool:
        return self.name in self.before.pending

    @property
    def _read_back(self) -> frozenset[Value]:
        return members(self.before.read_back.get(self.name))

    @property
    def _intended(self) -> frozenset[Value]:
        return members(self.before.intended.get(self.name))


@dataclass(frozen=True, slots=True)
class Settled:
    """What a field shall be on both sides.

    Attributes:
        note: what a person may want to know: an edit that did not count.
    """

    wanted: Field
    note: str = ""


def merge_value(ownership: Ownership, rule: FieldRule, agreed: Field | None, told: Mapping[Side, Told]) -> Settled:
    """The value that a field shall have.

    When two records are first linked nothing is agreed: the owner's value counts, and where it has none, the other's
    fills it. An empty field is then no wish to erase, and a value no change of the other's.
    """
    first = ownership.first(rule)
    order = [told[side] for side in (first, first.other) if side in told]
    if agreed is None or any(one.new for one in order):
        return Settled(next((one.now for one in order if not _blank(one.now)), order[0].now))
    changed = [one for one in order if one.changed]
    counted = [one for one in changed if rule.owner.has(one.side)]
    wanted = counted[0].now if counted else agreed
    lost = [one for one in changed if one.now != wanted]
    return Settled(wanted, " ".join(_lost(rule, one, wanted) for one in lost))


def merge_set(rule: FieldRule, agreed: Field | None, told: Mapping[Side, Told]) -> Settled:
    """The members that a set shall have. An addition of one side wins over a removal by the other: nothing is lost."""
    added: frozenset[Value] = frozenset().union(*(one.added for one in told.values()))
    removed: frozenset[Value] = frozenset().union(
        *(one.removed for one in told.values() if rule.owner.has(one.side)),
    )
    put_back = [
        one for one in told.values() if not rule.owner.has(one.side) and one.removed & members(agreed) - removed
    ]
    wanted = (members(agreed) - removed) | added
    return Settled(
        wanted,
        " ".join(
            f"{one.name}: {len(one.removed)} removed in {one.side}, which does not own them: put back; remove them in "
            f"{one.side.other}."
            for one in put_back
        ),
    )


def _blank(content: Field) -> bool:
    return isinstance(content, Value) and content.key in ("", None)


def _lost(rule: FieldRule, told: Told, wanted: Field) -> str:
    why = "both sides changed it" if rule.owner is Owner.SHARED else f"{rule.owner} owns it"
    there = told.side.other
    return (
        f"{told.name}: {words(told.now)} from {told.side} was not taken over, as {why}: it stays {words(wanted)}; "
        f"to change it, edit it in {there}."
    )


def words(content: Field) -> str:
    """A field's content for a person."""
    if isinstance(content, frozenset):
        return f"{len(content)} entries"
    return f"'{content.shown}'" if content.shown not in ("", None) else "nothing"
