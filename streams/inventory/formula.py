"""What a source or a stock item in Magento shall hold, so that Magento sells what the shop can sell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from schemas.canonical import LocationLevel, LocationStock
from streams.inventory.table import SkuState

ZERO = Decimal(0)
NO_BUFFERS: Mapping[str, Decimal] = MappingProxyType({})

Formula = Callable[[SkuState, Iterable[LocationLevel], Mapping[str, Decimal]], tuple[LocationStock, ...]]
"""`source_quantities` or `item_quantities`, as the web store keeps its stock."""


def source_quantities(
    state: SkuState, levels: Iterable[LocationLevel], buffers: Mapping[str, Decimal] = NO_BUFFERS
) -> tuple[LocationStock, ...]:
    """The MSI quantity of every location.

    Source quantity = on hand - commitments that Magento does not count + web units that are taken off here but not
    shipped there; at least 0, and at least what that location still has to ship for the web.

    Magento itself subtracts the units that it has sold and not shipped (its reservations). Of those, what the point of
    sale has committed must not be subtracted again, and what it has taken off its on hand must be put back. What it
    holds for an order beyond what Magento has left to ship, no reservation covers: that stays subtracted.

    Of a SKU that is not sold any more only what is on hand counts: its last pieces may go, and what arrives stays out.

    Args:
        buffers: pieces by location that are not offered online; they cut only what exceeds the units still to ship.
    """
    books = [_Books.of(state, level) for level in levels]
    return tuple(
        each.stock(max(ZERO, each.unshipped, each.uncommitted - buffers.get(each.level.location, ZERO)))
        for each in books
    )


def item_quantities(
    state: SkuState, levels: Iterable[LocationLevel], buffers: Mapping[str, Decimal] = NO_BUFFERS
) -> tuple[LocationStock, ...]:
    """The legacy quantity of every location, where Magento's inventory modules are removed.

    Without reservations the stock item falls when an order is placed, so the quantity is what the point of sale has
    available less what web orders still wait for and it neither holds nor has taken off for them: those that it does
    not have yet, or not any more. It is what is left of the MSI quantity when the reservations are subtracted.

    Args:
        buffers: pieces by location that are not offered online.
    """
    books = [_Books.of(state, level) for level in levels]
    return tuple(
        each.stock(max(ZERO, each.uncommitted - each.unshipped - buffers.get(each.level.location, ZERO)))
        for each in books
    )


@dataclass(frozen=True, slots=True)
class _Books:
    """What a location has of a SKU and owes.

    Attributes:
        uncommitted: pieces that no sale but the web's holds, with those that were taken off for the web and are there.
        unshipped: what Magento has left to ship from there.
    """

    level: LocationLevel
    uncommitted: Decimal
    unshipped: Decimal

    @classmethod
    def of(cls, state: SkuState, level: LocationLevel) -> _Books:
        orders = [units for units in state.orders.values() if units.location == level.location]
        # A hint may be older than the levels. Then more can look committed for the web than is committed at all, and
        # the difference may have been canceled as well as taken: it is not added, so that a doubt never sells too much.
        reserved = sum((units.reserved for units in orders), ZERO)
        others = max(ZERO, level.committed - reserved)
        taken = sum((units.taken_unshipped for units in orders), ZERO)
        most = state.ceilings.get(level.location)
        on_hand = level.on_hand if most is None else min(level.on_hand, most)
        return cls(level, on_hand - others + taken, sum((units.unshipped for units in orders), ZERO))

    def stock(self, quantity: Decimal) -> LocationStock:
        level = self.level
        return LocationStock(
            location=level.location,
            quantity=quantity,
            on_hand=level.on_hand,
            committed=level.committed,
            unshipped=self.unshipped,
        )
