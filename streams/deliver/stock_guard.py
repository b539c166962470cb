"""The guard before every batch of source items: too many SKUs that would be set to zero wait for a person.

What a SKU had before is what was last written to the target; a SKU that was never written is read there first. So a
source that a reading leaves out keeps what it has, and no quantity is ever taken for zero because it is missing. A
batch costs one statement when it is written, and some more if it sets SKUs to zero that have stock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from streams.deliver.stopped import AlreadyHeld, stopped_by
from streams.errors import Guarded
from streams.guards.limits import WINDOW, ZERO, zeroes
from streams.ports import GuardKind, Guards, Proposed, SourceItem, WebStock, WrittenStock
from streams.ports.guards import NO_AGES

Pieces = Mapping[str, Decimal]
"""Pieces by source."""


@dataclass(frozen=True, slots=True)
class StockChange:
    """What the sources of a SKU shall hold, and the event that asks for it."""

    receipt_id: str
    items: Sequence[SourceItem]

    @property
    def sku(self) -> str:
        """The web store's SKU."""
        return self.items[0].sku

    @property
    def empties(self) -> bool:
        """Whether no source that is named shall hold anything."""
        return all(item.quantity <= ZERO for item in self.items)

    def proposed(self, had: Pieces) -> Proposed:
        """The change of the SKU's total, from what its sources have now."""
        has = {**had, **{item.source: item.quantity for item in self.items}}
        return Proposed(self.sku, sum(had.values(), ZERO), sum(has.values(), ZERO), self.receipt_id)


class StockGuard:
    """The guard `GuardKind.STOCK_ZEROED` of one target.

    Args:
        stock: the target's, for what it has of SKUs that were never written.
    """

    def __init__(self, target: str, guards: Guards, written: WrittenStock, stock: WebStock) -> None:
        self._target = target
        self._guards = guards
        self._written = written
        self._stock = stock

    async def stopped(self, batch: Sequence[StockChange]) -> Sequence[Guarded | AlreadyHeld | None]:
        """Why each write of a batch must not be sent now; None for those that may."""
        emptying = {change.sku: change for change in batch if change.empties}
        had = await self._had(emptying) if emptying else {}
        proposed = [change.proposed(had.get(sku, {})) for sku, change in emptying.items()]
        zeroing = [change for change in proposed if zeroes(change.before, change.after)]
        if not zeroing:
            return [None] * len(batch)
        population = await self._written.in_stock(self._target, WINDOW)
        verdicts = await self._guards.judge(GuardKind.STOCK_ZEROED, self._target, zeroing, population)
        return [stopped_by(verdicts.get(change.sku)) if change.empties else None for change in batch]

    async def wrote(self, items: Collection[SourceItem], ages: Mapping[str, timedelta] = NO_AGES) -> None:
        """The target has these; the stock of some SKUs changed so long ago in the point of sale."""
        await self._written.keep(self._target, _by_sku(items), ages)

    async def _had(self, skus: Collection[str]) -> Mapping[str, Pieces]:
        known = await self._written.last(self._target, skus)
        unknown = set(skus) - set(known)
        if not unknown:
            return known
        await self.wrote(await self._stock.list_source_items(unknown))
        return {**known, **await self._written.last(self._target, unknown)}


def _by_sku(items: Collection[SourceItem]) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for item in items:
        found[item.sku][item.source] = item.quantity
    return found
