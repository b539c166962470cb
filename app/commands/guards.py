"""``tillstream guards list|show|approve|reject``: what the guards hold, and a person's decision on it."""

from __future__ import annotations

from collections.abc import Sequence

from app.commands.discarding import give_up
from app.commands.store import say, utc, with_store
from app.settings import Settings
from app.store import HeldEvent, Store
from streams.errors import GUARD
from streams.guards.words import change, told
from streams.ports import GuardHold, HoldReason, ListedChange, Standing

ALL = 1_000_000
"""More events than the guards of a target ever hold: one of each SKU."""

_STANDS = {
    Standing.PASSED: "was written before the limit was reached, and stays",
    Standing.HELD: "waits",
    Standing.APPROVED: "is approved, and read again",
    Standing.USED: "is approved, and was let through",
    Standing.REJECTED: "is rejected",
}


async def show_list(settings: Settings) -> int:
    """List the open holds, each with its first changes and the commands that end it. Returns 0."""

    async def work(store: Store) -> int:
        holds = await store.guards.open_holds()
        for hold in holds:
            say(f"{_name(hold)} since {utc(hold.opened_at)}: {told(hold)}")
        say(f"{len(holds)} waiting for a person" if holds else "No guard holds anything")
        return 0

    return await with_store(settings, work)


async def show(settings: Settings, number: int) -> int:
    """Tell a hold's whole list, and how it was decided. Returns 1 if there is none of that number."""

    async def work(store: Store) -> int:
        hold = await store.guards.hold(number)
        if hold is None:
            return _none(number)
        say(f"{_name(hold)} since {utc(hold.opened_at)}: {told(hold)}" if hold.decided_at is None else _decided(hold))
        for listed in await store.guards.changes(number):
            say(f"  {change(listed)}  {_STANDS[listed.standing]}, {utc(listed.at)}, receipt {listed.receipt_id}")
        return 0

    return await with_store(settings, work)


async def approve(settings: Settings, number: int, *, by: str, reason: str) -> int:
    """Let the changes of a hold's list pass: each is read again, and what it is then is written.

    Safe to repeat: what an approval that was interrupted has left in review goes on.

    Returns 0, or 1 if there is no such hold, or it was rejected.
    """

    async def work(store: Store) -> int:
        listed = await _decide(store, number, approve=True, by=by, reason=reason)
        if listed is None:
            return 1
        events = await _events(store, listed)
        freed = await store.desk.release(events, message=f"guard {number} approved by {by}: {reason}")
        say(f"Guard {number} is approved: {_skus(len(listed))}, of which {len(freed)} are read again now")
        if len(listed) > len(freed):
            say(f"{_skus(len(listed) - len(freed))} without an event in review may pass at their next reading")
        return 0

    return await with_store(settings, work)


async def reject(settings: Settings, number: int, *, by: str, reason: str) -> int:
    """Give the changes of a hold's list up; for a day the same changes are held again. Returns as `approve`."""

    async def work(store: Store) -> int:
        listed = await _decide(store, number, approve=False, by=by, reason=reason)
        if listed is None:
            return 1
        events = await _events(store, listed)
        endings = await give_up(store, events, message=f"guard {number} rejected by {by}: {reason}")
        late = [event for event, ending in zip(events, endings, strict=True) if not ending.given_up]
        say(f"Guard {number} is rejected: {_skus(len(listed))} stay as they are; the same changes are held for a day")
        for event in late:
            say(f"{event.held.hold.receipt_id} ({event.held.hold.subject}) ended before it could be given up")
        return 0

    return await with_store(settings, work)


async def _decide(store: Store, number: int, *, approve: bool, by: str, reason: str) -> Sequence[ListedChange] | None:
    """The changes that were decided on, now or before in the same way; None, and told, if that cannot be."""
    if (decided := await store.guards.decide(number, approve=approve, by=by, reason=reason)) is not None:
        return decided
    hold = await store.guards.hold(number)
    if hold is None:
        _none(number)
        return None
    say(_decided(hold))
    if hold.approved is not approve:
        return None
    wanted = (Standing.APPROVED, Standing.USED) if approve else (Standing.REJECTED,)
    return [listed for listed in await store.guards.changes(number) if listed.standing in wanted]


async def _events(store: Store, listed: Sequence[ListedChange]) -> list[HeldEvent]:
    """The events of changes that wait in review."""
    receipts = {one.receipt_id for one in listed}
    found = await store.desk.find(error=GUARD, reason=HoldReason.PERSON, limit=ALL)
    return [event for event in found if event.held.hold.receipt_id in receipts]


def _name(hold: GuardHold) -> str:
    return f"Guard {hold.number} ({hold.kind.value} in {hold.target})"


def _decided(hold: GuardHold) -> str:
    did = "approved" if hold.approved else "rejected"
    at = utc(hold.decided_at) if hold.decided_at else ""
    return f"{_name(hold)} was {did} by {hold.decided_by}, {at}: {hold.reason}"


def _skus(number: int) -> str:
    return f"{number} SKU{'' if number == 1 else 's'}"


def _none(number: int) -> int:
    say(f"There is no guard {number}: see `tillstream guards list`")
    return 1
