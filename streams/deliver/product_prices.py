"""The prices of a product into the web store: list, sale and tier prices, each by its own route and only if owned.

What a flow does not own is neither read nor written. Tier prices are taken away only by others in their place: a point
of sale that tells none may simply not keep any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from streams.deliver.entity import SetState
from streams.deliver.operations import (
    DELETE_SPECIAL_PRICES,
    SET_BASE_PRICES,
    SET_SPECIAL_PRICES,
    SET_TIER_PRICES,
    Operation,
)
from streams.deliver.product_guard import Move
from streams.errors import Rejected
from streams.ports.web_prices import GLOBAL, BasePrice, PriceProblem, SpecialPrice, WebPrices, WebTierPrice
from streams.sale.web_prices import Priced, base_prices, special_prices, tier_prices, zone_of

AnyPrice = BasePrice | SpecialPrice | WebTierPrice

PRICE, SALE_PRICE, TIER_PRICES = "price", "sale_price", "tier_prices"
"""Names of what a flow may own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a product shall cost.

    Attributes:
        prices: one for each channel that has one.
        everywhere: whether these are all the channels of the store, so that a common price can be the global one.
        owned: kinds of prices that the flow may write.
        groups: the store's customer group by the point of sale's.
        made: the product does not exist yet: it is about to be made, and that is its price.
    """

    sku: str
    prices: Sequence[Priced]
    everywhere: bool
    owned: frozenset[str]
    groups: Mapping[str, str]
    made: BasePrice | None = None


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """What has to be written, and how far the prices move with it; a price that there was not does not move."""

    writes: tuple[SetState, ...] = ()
    moves: tuple[Move, ...] = ()


class PriceList:
    """The prices of one web store."""

    def __init__(self, target: str, prices: WebPrices) -> None:
        self._target = target
        self._prices = prices

    async def changes(self, wanted: Wanted) -> PriceChanges:
        """What the store does not show yet. Reads, and writes nothing."""
        shown = [wanted.made] if wanted.made else list(await self._prices.base_prices([wanted.sku]))
        kinds = ((PRICE, self._list_prices), (SALE_PRICE, self._sale_prices), (TIER_PRICES, self._tier_prices))
        found = [await changes(wanted, shown) for kind, changes in kinds if kind in wanted.owned]
        writes = tuple(write for one in found for write in one.writes)
        return PriceChanges(writes, tuple(move for one in found for move in one.moves))

    async def _list_prices(self, wanted: Wanted, shown: Sequence[BasePrice]) -> PriceChanges:
        told = base_prices(wanted.sku, wanted.prices, everywhere=wanted.everywhere)
        of_store = {price.store: price for price in shown}
        views = {one.channel.store_id for one in wanted.prices} & set(of_store)
        own = [replace(price, store=view) for price in told if price.store == GLOBAL for view in sorted(views)]
        missing = [price for price in [*told, *own] if of_store.get(price.store) != price]
        moves = [_move(of_store.get(price.store) or of_store.get(GLOBAL), price) for price in missing]
        return self._write(SET_BASE_PRICES, missing, moves, lambda: self._prices.set_base_prices(missing))

    async def _sale_prices(self, wanted: Wanted, shown: Sequence[BasePrice]) -> PriceChanges:
        """Those of each time zone in turn: the store keeps times as the clock on the wall."""
        found = []
        told = special_prices(wanted.sku, wanted.prices, everywhere=wanted.everywhere)
        for zone in dict.fromkeys(zone_of(one.channel) for one in wanted.prices):
            views = {one.channel.store_id for one in wanted.prices if zone_of(one.channel) == zone} | {GLOBAL}
            here = [price for price in told if price.store in views]
            there = [] if wanted.made else await self._prices.special_prices([wanted.sku], zone)
            found.append(self._sales(wanted.sku, here, [old for old in there if old.store in views], shown, zone))
        writes = tuple(write for one in found for write in one.writes)
        return PriceChanges(writes, tuple(move for one in found for move in one.moves))

    def _sales(
        self,
        sku: str,
        told: Sequence[SpecialPrice],
        there: Sequence[SpecialPrice],
        shown: Sequence[BasePrice],
        zone: ZoneInfo,
    ) -> PriceChanges:
        """What is left of an old sale is taken away, all of it at once, as the store can."""
        over = [old for old in there if not any(old.store == price.store for price in told)]
        missing = [price for price in told if over or not any(_same(price, old) for old in there)]
        before: dict[int, AnyPrice] = {**{base.store: base for base in shown}, **{old.store: old for old in there}}
        moves = [_move(before.get(price.store) or before.get(GLOBAL), price) for price in missing]
        set_them = self._write(
            SET_SPECIAL_PRICES, missing, moves, lambda: self._prices.set_special_prices(missing, zone)
        )
        if not over:
            return set_them
        end = SetState(
            DELETE_SPECIAL_PRICES,
            f"the sale of '{sku}' ends",
            lambda: self._done(self._prices.delete_special_prices([sku], zone)),
        )
        return replace(set_them, writes=(end, *set_them.writes))

    async def _tier_prices(self, wanted: Wanted, shown: Sequence[BasePrice]) -> PriceChanges:
        told = tier_prices(wanted.sku, wanted.prices, wanted.groups, everywhere=wanted.everywhere)
        there = [] if wanted.made else await self._prices.tier_prices([wanted.sku])
        if not told or set(told) == set(there):
            return PriceChanges()
        before = {_tier(price): price for price in there}
        usual = next((price for price in shown if price.store == GLOBAL), None)
        moves = [_move(before.get(_tier(price)) or usual, price) for price in told]
        return self._write(SET_TIER_PRICES, told, moves, lambda: self._prices.set_tier_prices(told))

    def _write(
        self,
        operation: Operation,
        prices: Collection[AnyPrice],
        moves: Iterable[Move | None],
        call: Callable[[], Awaitable[Sequence[PriceProblem]]],
    ) -> PriceChanges:
        if not prices:
            return PriceChanges()
        told = ", ".join(f"'{price.sku}' {price.amount}" for price in prices)
        write = SetState(operation, told, lambda: self._done(call()))
        return PriceChanges((write,), tuple(move for move in moves if move is not None))

    async def _done(self, answer: Awaitable[Sequence[PriceProblem]]) -> None:
        for problem in await answer:
            raise Rejected(
                f"{self._target} did not take the price of '{problem.sku}': {problem.reason}. Correct it in the "
                "point of sale, or set it there by hand and discard this event.",
                code="price",
            )


def _move(before: AnyPrice | None, after: AnyPrice) -> Move | None:
    return None if before is None else Move(before.amount, after.amount)


def _same(price: SpecialPrice, shown: SpecialPrice) -> bool:
    """Whether a sale is shown as it is wanted. One that has begun already may show the moment at which it was set."""
    return price == (replace(shown, starts_at=None) if price.starts_at is None else shown)


def _tier(price: WebTierPrice) -> tuple[str, int, Decimal]:
    return price.group, price.website, price.quantity
