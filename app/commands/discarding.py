"""Giving held events up: the order is written down, and what the workers make of it is waited for and told.

What is given up is one update of an order or a SKU. If it changes in its source later, that is a new event with a
decision of its own: an order whose creation was discarded can still be created then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.store import HeldEvent, Store
from streams.ports import JournalEntry, Outcome

OWNER_SECONDS = 10.0
"""How long the worker that owns an event has to end it, until that is told as late."""
LOOK_SECONDS = 0.25
"""Time between two looks whether it has."""
THIS_UPDATE = "A later change in its source is an event of its own, and may still be delivered"


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of giving up one event.

    Attributes:
        given_up: True if it is discarded, or will be; False if it ended otherwise just before.
        told: the same for a person, after the event's name.
    """

    given_up: bool
    told: str


async def give_up(store: Store, events: Sequence[HeldEvent], *, message: str) -> Sequence[Ending]:
    """Give events up, and wait up to `OWNER_SECONDS` for the workers that own them.

    Only an event's owner ends it, in a turn of its own: one that is being delivered at this moment is either delivered
    or discarded, never both.

    Args:
        events: held events.
        message: who gives them up and why.

    Returns:
        what came of each.
    """
    left = await store.desk.still_held(await store.desk.discard(events, message=message))
    late_at = asyncio.get_running_loop().time() + OWNER_SECONDS
    while left and asyncio.get_running_loop().time() < late_at:
        await asyncio.sleep(LOOK_SECONDS)
        left = await store.desk.still_held(left)
    late = {event.held.seq for event in left}
    return [_late(event) if event.held.seq in late else await _ended(store, event) for event in events]


def _late(event: HeldEvent) -> Ending:
    return Ending(
        given_up=True,
        told=f"is given up, but no worker of {event.group} has come to it within {OWNER_SECONDS:g} s; it is discarded "
        "as soon as one does",
    )


async def _ended(store: Store, event: HeldEvent) -> Ending:
    lines = await store.journal.of_receipt(event.held.hold.receipt_id)
    outcome = next((line.outcome for line in reversed(lines) if _is_end(line, event)), Outcome.DISCARDED)
    if outcome is Outcome.DISCARDED:  # of a receipt that had ended before, the journal keeps only that end
        return Ending(given_up=True, told=f"is discarded, what queued behind it goes on. {THIS_UPDATE}")
    did = "went on" if outcome is Outcome.PASSED else f"was just {outcome.value}"
    return Ending(given_up=False, told=f"{did}, before it could be given up")


def _is_end(line: JournalEntry, event: HeldEvent) -> bool:
    record, ends = event.held.record, line.outcome.ends or line.outcome is Outcome.PASSED
    place = record.topic, record.partition, record.offset, event.held.hold.stage
    return ends and (line.topic, line.partition, line.offset, line.stage) == place
