"""A pickup order that the store gives up: in the web store its goods have left, so that nothing there can cancel it."""

from __future__ import annotations

from schemas.canonical import OrderStatus
from schemas.ids import Ref
from streams.deliver.entity import About, Nothing, Plan, Planner, Turn
from streams.errors import Rejected
from streams.ports.web_orders import WebOrder, WebOrders

CANCELLED = "cancelled"
OVER = frozenset({"canceled", "closed"})
"""Magento's states of an order that nobody owes anything for."""


class UncollectedPickups:
    """Tells a person of a pickup order that was cancelled in store after its customer was told that it waits.

    "Ready" has shipped it in the web store, and taken its money there if that comes with the goods: giving it back is
    not for us to decide. All else about a status is the other planner's.
    """

    model = OrderStatus

    def __init__(self, statuses: Planner[OrderStatus], orders: WebOrders) -> None:
        self._statuses = statuses
        self._orders = orders

    @property
    def blocks(self) -> bool:
        """See `Planner.blocks`."""
        return self._statuses.blocks

    def about(self, entity: OrderStatus) -> About:
        """See `Planner.about`."""
        return self._statuses.about(entity)

    async def plan(self, entity: OrderStatus, turn: Turn) -> Plan | Nothing:
        """See `Planner.plan`. Raises Rejected for an order that was not collected, until it is refunded."""
        plan = await self._statuses.plan(entity, turn)
        if entity.status.lower() == CANCELLED:
            order = await self._orders.order_lines(Ref.parse(entity.sale).native_id)
            if order is not None and order.pickup_location and _waits(order):
                raise _uncollected(entity, order)
        return plan


def _waits(order: WebOrder) -> bool:
    """Whether it counts as handed over, neither cancelled nor given back."""
    if order.state in OVER:
        return False
    return any(min(row.shipped, row.ordered) > row.refunded for row in order.rows_with_amounts.values())


def _uncollected(status: OrderStatus, order: WebOrder) -> Rejected:
    return Rejected(
        f"order {order.number} was not collected: the point of sale cancelled it as {status.number} after its customer "
        f"was told that it waits at {order.pickup_location}, and in Magento it counts as shipped. If it is paid, "
        "refund it there without returning anything to stock, which follows the point of sale; if not, cancel it "
        "there. Then replay: its status is told then.",
        code="uncollected",
        blocks=False,
    )
