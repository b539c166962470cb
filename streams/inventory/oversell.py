"""What is sold twice: pieces that a location owes web orders and does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.canonical import LocationLevel
from streams.inventory.table import OrderUnits, SkuState
from streams.ports import Oversell, WayOut

ZERO = Decimal(0)
NAMED = 5
"""Web orders that a message names."""


def oversells(state: SkuState, levels: Sequence[LocationLevel]) -> tuple[Oversell, ...]:
    """The locations that have less than web orders still wait for there.

    Pieces that the point of sale has taken off for a web order are on its packing table, so they are not missing. What
    it holds for others comes first: those customers have bought in store. A special order without pieces is no oversell
    by itself, only a web order can be.

    In doubt nothing is oversold: what may be held or taken for a web order, of which the point of sale has not told
    yet, is taken to be so. It tells within one reading of its orders, and then all is exact.
    """
    accounts = [_account(state, level) for level in levels]
    return tuple(
        Oversell(
            location=account.level.location,
            missing=account.missing,
            on_hand=account.level.on_hand,
            held=account.others,
            orders=account.waiting,
            elsewhere={other.level.location: other.free for other in accounts if other.free > ZERO},
            changed_at=account.level.updated_at,
        )
        for account in accounts
        if account.missing > ZERO
    )


@dataclass(frozen=True, slots=True)
class _Account:
    """What a location has of a SKU and owes.

    Attributes:
        others: pieces that are surely held for other sales than those of the web.
        due: pieces that surely must still be taken off for web orders.
        promised: pieces that any sale may still take: none of them is free.
        waiting: the web orders that pieces are due to, the newest first.
    """

    level: LocationLevel
    others: Decimal
    due: Decimal
    promised: Decimal
    waiting: tuple[str, ...]

    @property
    def missing(self) -> Decimal:
        return min(self.due, max(ZERO, self.others + self.due - self.level.on_hand))

    @property
    def free(self) -> Decimal:
        return max(ZERO, self.level.on_hand - self.promised)


def _account(state: SkuState, level: LocationLevel) -> _Account:
    orders = {ref: units for ref, units in state.orders.items() if units.location == level.location}
    committed = _sum(units.committed for units in orders.values())
    unheard = _sum(units.unshipped for units in orders.values() if units.pos_at is None)
    due = _sum(_due(units) for units in orders.values())
    reserved = _sum(units.reserved for units in orders.values())
    released = max(ZERO, reserved - level.committed)  # held when it last told, and no more: taken, as far as we know
    newest = sorted((ref for ref, units in orders.items() if _due(units)), key=lambda ref: (orders[ref].last_at, ref))
    return _Account(
        level=level,
        others=max(ZERO, level.committed - committed - unheard),
        due=max(ZERO, due - released),
        promised=level.committed + due - min(reserved, level.committed),
        waiting=tuple(reversed(newest)),
    )


def _due(units: OrderUnits) -> Decimal:
    return units.unshipped - units.taken_unshipped


def _sum(pieces: Iterable[Decimal]) -> Decimal:
    return sum(pieces, ZERO)


def told(connection: str, sku: str, oversell: Oversell, ship_from: Sequence[str] = ()) -> str:
    """What happened and the ways out, for the person who looks at it.

    Args:
        connection: the point of sale.
        sku: of the goods.
        oversell: what was found.
        ship_from: the locations that ship, the first choice first; others that have pieces come after them.
    """
    when = f" until {oversell.changed_at:%Y-%m-%d %H:%M} UTC" if oversell.changed_at else ""
    more = f" and {len(oversell.orders) - NAMED} more" if len(oversell.orders) > NAMED else ""
    orders = ", ".join(oversell.orders[:NAMED]) + more
    places = [place for place in ship_from if place in oversell.elsewhere]
    places += sorted(oversell.elsewhere.keys() - set(places))
    free = ", ".join(f"{place} has {_plain(oversell.elsewhere[place])} free" for place in places)
    return (
        f"'{sku}' is sold in store and online: {oversell.location} of {connection} has {_plain(oversell.on_hand)} on "
        f"hand, {_plain(oversell.held)} of them held for sales in store, and is {_plain(oversell.missing)} short for "
        "the web orders that "
        f"wait there: {orders} (in store: the tickets of {oversell.location}{when}). "
        f"{WayOut.OTHER_LOCATION}: {free or 'no other location has one free'}; "
        f"{WayOut.BACKORDER}: tell the customer that it comes later; "
        f"{WayOut.CANCEL_AND_REFUND}: cancel or refund the piece in the web store. The newest order is "
        "the one that came too late."
    )


def decision(number: int) -> str:
    """The command that ends its waiting."""
    return f"when it is done: tillstream oversells decide {number} --way {'|'.join(WayOut)} --reason WHY"


def _plain(pieces: Decimal) -> str:
    """Without trailing zeros and without an exponent."""
    return f"{pieces.normalize():f}"
