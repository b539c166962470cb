"""Whether a telling of an entity is news: a pure comparison with the revision that was applied last.

This is the one place that decides it; no stage remembers what it has seen. A revision that comes back after another one
is applied again: stock of 5, 4 and 5 is three changes. What comes back of our own writes has the content that was
applied, whatever its time, and ends here as unchanged.
"""

from __future__ import annotations

from enum import Enum, auto

from streams.ports import Revision


class Verdict(Enum):
    """What to do with a telling."""

    APPLY = auto()
    UNCHANGED = auto()
    """What it tells is applied already: a repeat, or the echo of our own write. Its time counts from now on, or a
    telling from between the two would pass for newer."""
    STALE = auto()
    """A newer revision is applied."""
    READ_AGAIN = auto()
    """As new as what is applied, and different: only its system knows which came last."""


def judge(told: Revision, applied: Revision | None, *, read_again: bool = False) -> Verdict:
    """Compare a telling with what was applied last.

    Args:
        told: the telling.
        applied: None if nothing was.
        read_again: it was read because of READ_AGAIN, so it is how things stand.
    """
    if applied is None:
        return Verdict.APPLY
    if told.updated_at < applied.updated_at:
        return Verdict.STALE
    if told.content == applied.content:
        return Verdict.UNCHANGED
    if told.updated_at == applied.updated_at and not read_again:
        return Verdict.READ_AGAIN
    return Verdict.APPLY
