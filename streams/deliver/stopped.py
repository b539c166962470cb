"""What becomes of a write that a guard stops."""

from __future__ import annotations

from streams.errors import Guarded
from streams.guards.words import told
from streams.ports import Verdict


class AlreadyHeld(Exception):
    """The SKU is in the list of an open hold with an earlier event, which has what it becomes read again."""


def stopped_by(verdict: Verdict | None) -> Guarded | AlreadyHeld | None:
    """Why a change must not be written now; None if it may, also where no guard was asked."""
    hold = verdict.hold if verdict else None
    if verdict is None or hold is None:
        return None
    if verdict.carries:
        return Guarded(told(hold))
    return AlreadyHeld(f"guard {hold.number} has the SKU in its list already: tillstream guards show {hold.number}")
