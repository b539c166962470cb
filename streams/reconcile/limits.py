"""Whether a repair may go ahead: much drift at once means that a comparison, a channel or a system is wrong."""

from __future__ import annotations

from streams.errors import Rejected
from streams.reconcile.drift import Comparison, Subject

FREE = 20
"""So many drifts are an ordinary day, however small the shop."""
SHARE = 0.05
"""Beyond that, this share of what was compared; the guards take the same for stock and prices."""

PREVIEWED = frozenset({Subject.ORDERS, Subject.PAYMENTS})
"""Whose repair needs a preview with amounts, a second confirmation and a reason. Stock repairs itself within the
guards, and customers converge by who owns each field."""


def most_repairs(compared: int) -> int:
    """How many drifts may be repaired at once without a person saying so."""
    return max(FREE, int(compared * SHARE))


def require_few(comparison: Comparison, up_to: int | None) -> None:
    """Raises Rejected if there is more drift than may be repaired at once; ``up_to`` is a person's own limit."""
    most = most_repairs(comparison.compared) if up_to is None else up_to
    found = len(comparison.drifts)
    if found > most:
        raise Rejected(
            f"{found} of {comparison.compared} {comparison.subject} drift, and at most {most} are repaired at once: "
            "so many at once are mostly a wrong channel, a window that is too short or a system that lists only part. "
            f"Nothing was published. Look at the list; if it is right, say it again with --up-to {found}.",
            code="too_much_drift",
        )


def require_decided(comparison: Comparison, confirmed: int | None, reason: str) -> None:
    """Raises Rejected unless a person who saw the list says how many events it takes, and why, where that is needed."""
    wanted = len(comparison.repairs)
    if comparison.subject not in PREVIEWED:
        return
    if confirmed != wanted or not reason.strip():
        raise Rejected(
            f"a repair of {comparison.subject} moves money, so it takes a second look: this list takes {wanted} "
            f"event(s). Nothing was published. If the list is right, say it again with --confirm {wanted} and "
            "--reason WHY.",
            code="not_confirmed",
        )
