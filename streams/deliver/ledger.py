"""What a create-once effect's ledger row means: a pure function from the row to the next action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from streams.ports import EffectState, LedgerRow

SENDS = 8
"""How often an effect is sent whose answer never comes and which no look-up shows, before a person is asked. It settles
before each, so that takes some twenty minutes: a system that hangs now and then under load has done it by then, and one
that never can has not kept the order from a person for long."""


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """The effect exists; nothing is sent.

    Attributes:
        target_id: its id there.
        announced: whether its confirmation has certainly been published.
    """

    target_id: str
    announced: bool


@dataclass(frozen=True, slots=True)
class LookUp:
    """Read the target first.

    Attributes:
        after_epoch: what the next begin compares with.
        settles_at: None if a negative read counts now; else the moment from which it does.
        unseen: how often it was sent in vain if it is not sent again without a person; else 0.
    """

    after_epoch: int
    settles_at: datetime | None = None
    unseen: int = 0


def sends_allowed(*, looks_up: bool, replays: int) -> int:
    """How often an effect may be sent: once if it cannot be looked up, however often a person replays the event."""
    return SENDS + replays if looks_up else 1


Action = AlreadyDone | LookUp


def same_target(one: str, other: str) -> bool:
    """Whether two ids can be of one thing made. A target that names no id for what it made (Magento's comments) leaves
    it empty."""
    return one == other or not one or not other


def next_action(row: LedgerRow | None, *, sends_allowed: int) -> Action:
    """The only way on: done effects stay done, everything else is looked up before a byte leaves.

    A pending row may have been sent. The target may still be working on it until it has settled, so only a positive
    read counts before then. What was sent ``sends_allowed`` times is not sent again, however it looks.
    """
    if row is None:
        return LookUp(after_epoch=0)
    if row.state is EffectState.DONE:
        return AlreadyDone(row.target_id, row.announced)
    if row.state is EffectState.PENDING and not row.settled:
        return LookUp(after_epoch=row.epoch, settles_at=row.settle_until)
    return LookUp(after_epoch=row.epoch, unseen=row.sends if row.sends >= sends_allowed else 0)
