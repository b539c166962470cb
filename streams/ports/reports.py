"""What the point of sale adds up itself, to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DaySum:
    """The orders of one day, location and currency, without the cancelled; amounts as on the orders.

    Attributes:
        day: UTC, by the order's date. A business day of the shop's own zone is not the same.
        tendered: money received; ``due`` is still to come.
    """

    day: date
    location: str
    currency: str
    orders: int
    units: Decimal
    total: Decimal
    tax: Decimal
    discount: Decimal
    tendered: Decimal
    due: Decimal
    refunded: Decimal


class PosReports(Protocol):
    """The point of sale's own sums."""

    async def day_sums(self, first: date, last: date, location: str | None = None) -> Sequence[DaySum]:
        """Sums of the days from ``first`` to ``last``, of one location or all. A day without orders has none."""
        ...
