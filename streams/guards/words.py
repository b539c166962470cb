"""What a person is told about a hold."""

from __future__ import annotations

from decimal import Decimal

from streams.guards.limits import WINDOW
from streams.ports import GuardHold, GuardKind, ListedChange

NAMED = 10
"""Changes that a message names; `tillstream guards show` lists all."""

_WOULD = {
    GuardKind.STOCK_ZEROED: "would be set to zero stock in",
    GuardKind.PRICE_CHANGED: "would change their price in",
    GuardKind.PRICE_JUMPED: "would move their price by more than 40 %, or to 0, in",
    GuardKind.PRODUCT_DISABLED: "would be disabled in",
}


def told(hold: GuardHold) -> str:
    """What is held, how many of how many, the first of them, and the commands that end it."""
    minutes = int(WINDOW.total_seconds() // 60)
    what = (
        f"{hold.held} of {hold.population} SKUs {_WOULD[hold.kind]} {hold.target}; more than {hold.allowed} in "
        f"{minutes} minutes wait for a person. Nothing of these is written: {_listed(hold)}"
    )
    parts = [what]
    if hold.passed:
        parts.append(f"{hold.passed} before them were written and stay")
    parts.append(f"Look: tillstream guards show {hold.number}. Then {decisions(hold)}")
    return ". ".join(parts)


def decisions(hold: GuardHold) -> str:
    """The commands that end a hold."""
    approve, reject = (f"tillstream guards {verb} {hold.number} --reason WHY" for verb in ("approve", "reject"))
    return f"{approve} (reads each again and writes what it is then), or {reject} (leaves them as they are)"


def change(listed: ListedChange) -> str:
    """One change: ``SKU 7 → 0``."""
    return f"{listed.sku} {_plain(listed.before)} → {_plain(listed.after)}"


def _listed(hold: GuardHold) -> str:
    named = ", ".join(change(listed) for listed in hold.first)
    more = hold.held - len(hold.first)
    return f"{named} and {more} more" if more > 0 else named


def _plain(number: Decimal) -> str:
    """Without trailing zeros and without an exponent."""
    return f"{number.normalize():f}"
