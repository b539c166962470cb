"""The guards before a product is changed: prices that jump, many prices at once, many products that are disabled.

A SKU has one place in the list of a hold, so of its prices (of store views, of sales, of tiers) the one that moves
furthest is judged, and the others wait or pass with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from streams.deliver.stopped import stopped_by
from streams.guards.limits import ZERO, price_change
from streams.ports import GuardKind, Guards, Proposed
from streams.ports.web_products import WebProducts

ENABLED, DISABLED = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True)
class Move:
    """What a customer pays now, and would pay then."""

    before: Decimal
    after: Decimal

    @property
    def part(self) -> Decimal:
        """How far it moves, as a part of what it was; what cost nothing and shall cost something moves furthest."""
        return abs(self.after - self.before) / self.before if self.before > ZERO else Decimal("Infinity")


class ProductGuard:
    """The guards `GuardKind.PRICE_JUMPED`, ``PRICE_CHANGED`` and ``PRODUCT_DISABLED`` of one target.

    Args:
        products: the target's, for how many there are.
    """

    def __init__(self, target: str, guards: Guards, products: WebProducts) -> None:
        self._target = target
        self._guards = guards
        self._products = products

    async def prices(self, sku: str, moves: Sequence[Move], receipt_id: str) -> None:
        """Raises Guarded or AlreadyHeld if the prices of a SKU must not move so."""
        moving = [move for move in moves if move.before != move.after]
        if not moving:
            return
        furthest = max(moving, key=lambda move: (move.after <= ZERO, move.part))
        kind = price_change(furthest.before, furthest.after)
        if kind is not None:
            await self._judge(kind, Proposed(sku, furthest.before, furthest.after, receipt_id))

    async def disable(self, sku: str, receipt_id: str) -> None:
        """Raises Guarded or AlreadyHeld if the SKU must not be disabled."""
        await self._judge(GuardKind.PRODUCT_DISABLED, Proposed(sku, ENABLED, DISABLED, receipt_id))

    async def _judge(self, kind: GuardKind, change: Proposed) -> None:
        population = await self._products.count_products()
        verdicts = await self._guards.judge(kind, self._target, [change], population)
        problem = stopped_by(verdicts.get(change.sku))
        if problem is not None:
            raise problem
