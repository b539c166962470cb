"""What counts as a guarded change, and how many of each may pass in one window. They are on by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from streams.ports import GuardKind

WINDOW = timedelta(minutes=15)
"""Any stretch of this length is looked at."""

JUMP = Decimal("0.40")
"""Part of a price that it may move without being a jump."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many changes may pass in one window.

    Attributes:
        share: part of what there is.
        least: so many in any case.
    """

    share: Decimal = ZERO
    least: int = 0

    def allowed(self, population: int) -> int:
        """The limit among so many SKUs, prices or products."""
        return max(self.least, int(population * self.share))


LIMITS: Mapping[GuardKind, Limit] = MappingProxyType(
    {
        # One is no mass: without that, a shop of 19 SKUs could not sell a last piece without a person.
        GuardKind.STOCK_ZEROED: Limit(Decimal("0.05"), least=1),
        GuardKind.PRICE_CHANGED: Limit(Decimal("0.05"), least=1),
        GuardKind.PRICE_JUMPED: Limit(),
        GuardKind.PRODUCT_DISABLED: Limit(least=20),
    }
)


def zeroes(before: Decimal, after: Decimal) -> bool:
    """Whether goods that were in stock are not any more."""
    return before > ZERO >= after


def price_change(before: Decimal, after: Decimal) -> GuardKind | None:
    """The guard that a new price is for; None if it is the old one.

    A jump is held by itself, so it does not count among the changes of its window.
    """
    if before == after:
        return None
    if after <= ZERO or abs(after - before) > JUMP * before:
        return GuardKind.PRICE_JUMPED
    return GuardKind.PRICE_CHANGED
