"""An order that was made by editing another: Magento cancels the edited one and places a new one beside it.

Which one it replaces says ``relation_parent_real_id``. Its own number says nothing: ``000000042-1`` may be any shop's
way of numbering.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from schemas.canonical import Sale
from schemas.documents.channel import Channel
from streams.deliver.operations import CANCEL_ORDER, Operation
from streams.errors import Rejected
from streams.ports import Sales, SeenOrder
from streams.ports.orders import PosOrders

OPEN, FULFILLED = "open", "fulfilled"

Sets = Callable[[Operation, str, Callable[[], Awaitable[object]]], Awaitable[None]]
"""`Effects.set`."""


class Predecessors:
    """Operation ``cancel_order`` for the order that another replaces, before that is created: else the goods of both
    would be committed, and somebody might pack the wrong one."""

    def __init__(self, sales: Sales, orders: PosOrders, sets: Sets) -> None:
        self._sales = sales
        self._orders = orders
        self._sets = sets

    async def withdraw(self, sale: Sale, channel: Channel) -> SeenOrder | None:
        """Cancel the order that the sale replaces, as far as it is in the point of sale. Safe to repeat.

        Returns:
            The order; None if the sale replaces none, or one that was never created there.

        Raises:
            Rejected: its goods have left, so that a person must say what the new one is about.
            OutcomeUnknown, Transient, Unavailable, AuthFailed: as the ports' methods do.
        """
        if not sale.predecessor:
            return None
        number = f"{channel.prefix}{sale.predecessor}"
        found = await self._sales.find_order(number)
        if found is None:
            return None
        if found.status.lower() == FULFILLED or has_partly_left(found, sale):
            raise _handed_over(sale, found)
        if found.status.lower() == OPEN:
            told = f"order {number} ({found.order_id}), which {sale.public_id} replaces"
            await self._sets(CANCEL_ORDER, told, lambda: self._orders.cancel_order(found.order_id))
        return found


def has_partly_left(found: SeenOrder, sale: Sale) -> bool:
    """Whether an open order has a parcel that may have left: to cancel it would put the pieces back on the shelf. A
    parcel of an order that is collected in store waits there."""
    return found.packed and found.status.lower() == OPEN and not sale.shipping.pickup_location


def _handed_over(sale: Sale, found: SeenOrder) -> Rejected:
    return Rejected(
        f"order {sale.number} was made by editing order {sale.predecessor}, whose goods have been handed over in the "
        f"point of sale as {found.public_id} ({found.order_id}): {sale.public_id} was not created, or they would leave "
        "twice. If only prices changed, enter the difference there by hand; if other goods have to leave, take the "
        f"first ones back and enter {sale.public_id} by hand. Then discard this event.",
        code="edited_after_handover",
    )
