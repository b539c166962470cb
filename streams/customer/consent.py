"""Consent to be contacted: an opt-out wins, and that nothing is said is never consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from schemas.canonical import Consent, ConsentChannel
from streams.customer.echo import Field, Side, Value
from streams.customer.ownership import FieldRule, Settled, Told

FIELD = "consent."
"""Before the channel: the name of its field in a projection."""
SILENT = Value(key=None, shown=None)
"""Nothing is said."""


def standing(consents: Iterable[Consent], channel: ConsentChannel) -> Consent | None:
    """What counts of everything that was said about a channel: the newest opt-out from any source, else the newest
    opt-in, else nothing."""
    said = sorted((one for one in consents if one.channel is channel), key=lambda one: (not one.given, one.at))
    return said[-1] if said else None


def merge_consent(
    rule: FieldRule, agreed: Field | None, told: Mapping[Side, Told], at: Mapping[Side, datetime]
) -> Settled:
    """What a channel's consent shall be on both sides.

    An opt-out of either side counts; so does an opt-in that a side told and tells no more, because a flag that is taken
    off (Magento's ``is_subscribed``) is all that it shows of an opt-out. An opt-in counts only from an owner, and after
    an opt-out only from the side where that was said: there the customer takes it back. Where that side is no owner,
    nothing is said any more, and an owner's next opt-in counts.

    Args:
        at: the ``updated_at`` of what each side tells: the time of an opt-out that tells none itself.
    """
    before = agreed if isinstance(agreed, Value) else SILENT
    changed = {side: one for side, one in told.items() if one.changed}
    for side, one in changed.items():
        withdrawn = _withdrawal(one, before, at[side])
        if withdrawn:
            return Settled(withdrawn)
    given = [one for one in changed.values() if isinstance(one.now, Value) and one.now.key is True]
    for one in sorted(given, key=lambda one: not rule.owner.has(one.side)):
        if before.key is False and before.by is not one.side:
            return Settled(before, _stands(one, before))
        if rule.owner.has(one.side):
            return Settled(one.now)
        if before.key is False:
            return Settled(SILENT)
    return Settled(before)


def needs_writing(told: Told, wanted: Field) -> bool:
    """Whether a side that tells something else than the consent wanted should be written to at all.

    Silence takes no opt-in back: one that does not count elsewhere was still given where it is. And where the customer
    opted out by taking a flag off, there is none to take off.
    """
    if not (isinstance(wanted, Value) and isinstance(told.now, Value)) or wanted.key is None:
        return False
    return not (told.now.key is None and wanted.by is told.side)


def _withdrawal(told: Told, agreed: Value, at: datetime) -> Value | None:
    """The opt-out that a side's change is, if it is one."""
    now = told.now
    if not isinstance(now, Value) or now.key is True:
        return None
    if now.key is False:
        return now
    told_before = told.before.read_back.get(told.name)
    if not (isinstance(told_before, Value) and told_before.key is True) or agreed.key is False:
        return None
    channel = ConsentChannel(told.name.removeprefix(FIELD))
    said = Consent(channel=channel, given=False, source=f"{told.side}:taken off", at=at)
    return Value(key=False, shown=said, by=told.side)


def _stands(told: Told, agreed: Value) -> str:
    said = agreed.shown
    since = f" on {said.at:%Y-%m-%d} ({said.source})" if isinstance(said, Consent) else ""
    there = agreed.by or told.side.other
    return (
        f"{told.name}: given in {told.side}, but the customer opted out in {there}{since}: the opt-out stands; if the "
        f"customer wants it back, record that in {there}."
    )
