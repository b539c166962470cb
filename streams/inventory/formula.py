"""What a source in Magento shall hold, so that Magento sells what the shop can sell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType

from schemas.canonical import LocationLevel, LocationStock
from streams.inventory.table import OrderUnits, SkuState

ZERO = Decimal(0)
NO_BUFFERS: Mapping[str, Decimal] = MappingProxyType({})


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
    orders = state.orders.values()
    return tuple(
        LocationStock(
            location=level.location,
            quantity=_quantity(
                level,
                [units for units in orders if units.location == level.location],
                buffers.get(level.location, ZERO),
                state.ceilings.get(level.location),
            ),
            on_hand=level.on_hand,
            committed=level.committed,
            unshipped=sum((units.unshipped for units in orders if units.location == level.location), ZERO),
        )
        for level in levels
    )


def available_quantity(state: SkuState, level: LocationLevel) -> Decimal:
    """The legacy quantity of one location, where Magento's inventory modules are removed.

    Without reservations the stock item falls when an order is placed, so the quantity is what the point of sale has
    available less the web orders that it does not know yet.
    """
    unknown = (
        units.unshipped for units in state.orders.values() if units.location == level.location and units.pos_at is None
    )
    return max(ZERO, level.on_hand - level.committed - sum(unknown, ZERO))


def _quantity(level: LocationLevel, orders: list[OrderUnits], buffer: Decimal, most: Decimal | None) -> Decimal:
    # A hint may be older than the levels. Then more can look committed for the web than is committed at all, and the
    # difference may have been canceled as well as taken: it is not added, so that a doubt never sells too much.
    reserved = sum((units.reserved for units in orders), ZERO)
    others = max(ZERO, level.committed - reserved)
    taken = sum((units.taken_unshipped for units in orders), ZERO)
    unshipped = sum((units.unshipped for units in orders), ZERO)
    on_hand = level.on_hand if most is None else min(level.on_hand, most)
    return max(ZERO, unshipped, on_hand - others + taken - buffer)
