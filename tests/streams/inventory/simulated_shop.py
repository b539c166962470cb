"""A shop that sells the same goods in store and online, in virtual time, with our stock between both.

The goods, the till and Magento's reservations are a model; the stages are the real ones: the inventory handler with its
formula, and the delivery of stock with its guard. Whatever tells of a change is late, as webhooks and polls are.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Literal

from schemas.canonical import LocationLevel, StockHint, WebUnits
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.engine import load
from streams.inventory.handler import InventoryHandler
from streams.runtime.work import Arrival, Work
from tests.streams.deliver.bench import CHANNEL, Bench
from tests.streams.inventory.bench import Table
from tests.twins.kafka import envelope, record

POLL_SECONDS = 30.0
"""When what a lost webhook would have told is read."""
LOST = 0.1
"""So many webhooks do not come."""

Action = Callable[[], Awaitable[object]]


@dataclass
class Goods:
    """One SKU in both systems.

    Attributes:
        on_hand: pieces on the shelf.
        orders: web orders of one piece each that are not packed or canceled; True once the till holds their piece.
        reserved: those of which Magento has something left to ship.
        visible_at: when the last change that has happened is told.
        short_since: since when the web has sold pieces that are not there; None if they are.
    """

    sku: str
    on_hand: int
    orders: dict[str, bool] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    changed_at: datetime | None = None
    visible_at: datetime | None = None
    short_since: datetime | None = None

    @property
    def committed(self) -> int:
        return sum(self.orders.values())

    @property
    def short(self) -> int:
        return max(0, len(self.reserved & self.orders.keys()) - self.on_hand)


@dataclass
class Oversold:
    """A piece was sold twice.

    Attributes:
        visible_at: when both sales had been told.
        over_at: when it was so no more; None if it still is.
    """

    sku: str
    visible_at: datetime
    found_at: datetime | None = None
    over_at: datetime | None = None


class SimulatedShop:
    """Run it with `week`.

    Attributes:
        oversold: what was sold twice in truth.
        false_alarms: what was found and was not so.
    """

    def __init__(self, seed: int, *, skus: int, apart: timedelta = timedelta()) -> None:
        self.oversold: list[Oversold] = []
        self.false_alarms: list[str] = []
        self.sold_in_store = self.sold_online = 0
        self.bench = Bench("web")
        self.clock = self.bench.clock
        self._apart = apart
        self._chance = random.Random(seed)
        self._goods = {f"SKU-{number}": Goods(f"SKU-{number}", 2) for number in range(skus)}
        self._last_sale: dict[str, datetime] = {}
        self._agenda: list[tuple[datetime, int, Action]] = []
        self._numbers = count()
        self._known: set[int] = set()
        self.bench.sources.skus = frozenset(self._goods)
        self._inventory = InventoryHandler(
            Table(),
            {"pos": self},
            self.bench.publisher,
            self.bench.store.oversells,
            self.clock,
            channels=Channels([CHANNEL]),
            flow=load().flows["stock"],
        )

    async def levels(self, skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        """Implements `streams.ports.StockLevels`."""
        return {sku: [self._level(self._goods[sku])] for sku in skus}

    def _level(self, goods: Goods) -> LocationLevel:
        on_hand, committed = Decimal(goods.on_hand), Decimal(goods.committed)
        return LocationLevel(location="MAIN", on_hand=on_hand, committed=committed, updated_at=goods.changed_at)

    async def week(self, *, sales: int) -> None:
        """So many customers in each place, at random times of seven days, and deliveries of goods."""
        others = {f"OTHER-{number}": {"main": Decimal(1)} for number in range(400)}
        await self.bench.store.written_stock.keep("web", others)  # a shop's size, for the guard of last pieces
        for goods in self._goods.values():
            await self._told(StockHint(sku=goods.sku, cause="poll"))
        seconds = timedelta(days=7).total_seconds()
        for sku in self._goods:
            for act, times in ((self._buy_in_store, sales), (self._buy_online, sales), (self._restock, sales)):
                for _ in range(times):
                    self._after(self._chance.uniform(60, seconds), act, sku)
            # Rushes: the moments in which a piece can be sold twice are short.
            for _ in range(sales):
                moment = self._chance.uniform(60, seconds)
                for act in (self._buy_in_store, self._buy_online) * 2:
                    self._after(moment + self._chance.uniform(0, 6), act, sku)
        while self._agenda:
            at, _, action = heapq.heappop(self._agenda)
            self.clock.move((at - self.clock.now()).total_seconds())
            await action()

    # -- what happens -------------------------------------------------------------------------------------------------

    async def _buy_in_store(self, sku: str) -> None:
        goods = self._goods[sku]
        if self._too_soon(sku) or goods.on_hand - goods.committed < 1:
            return
        self.sold_in_store += 1
        self._shelf(goods, -1)

    async def _buy_online(self, sku: str) -> None:
        """Magento sells what its source has less what it has reserved."""
        goods = self._goods[sku]
        if self._too_soon(sku) or self.bench.sources.items[sku, "main"] - len(goods.reserved) < 1:
            return
        self.sold_online += 1
        order = f"web:order:{next(self._numbers)}"
        goods.orders[order] = False
        goods.reserved.add(order)
        told = self._tell_units(goods, order, "web", unshipped=1)
        self._judge(goods)
        self._after(told + self._chance.uniform(1, 5), self._import, sku, order)
        self._after(3600 * self._chance.uniform(1, 30), self._pack, sku, order)

    async def _import(self, sku: str, order: str) -> None:
        goods = self._goods[sku]
        if order in goods.orders:
            goods.orders[order] = True
            self._shelf(goods, 0)
            self._tell_units(goods, order, "pos", committed=1)

    async def _pack(self, sku: str, order: str) -> None:
        """The piece goes out, and then Magento is told; or if there is none, Magento cancels, and then the till."""
        goods = self._goods[sku]
        if goods.on_hand > 0:
            del goods.orders[order]
            self._shelf(goods, -1)
            told = self._tell_units(goods, order, "pos", taken=1)
            self._after(told + self._chance.uniform(1, 5), self._end_online, sku, order)
        else:
            told = await self._end_online(sku, order)
            self._after(told + self._chance.uniform(1, 5), self._let_go, sku, order)

    async def _end_online(self, sku: str, order: str) -> float:
        """Shipped or canceled."""
        goods = self._goods[sku]
        goods.reserved.remove(order)
        self._judge(goods)
        return self._tell_units(goods, order, "web")

    async def _let_go(self, sku: str, order: str) -> None:
        goods = self._goods[sku]
        del goods.orders[order]
        self._shelf(goods, 0)
        self._tell_units(goods, order, "pos")

    async def _restock(self, sku: str) -> None:
        goods = self._goods[sku]
        if goods.on_hand - len(goods.orders) < 2:
            self._shelf(goods, self._chance.randint(1, 2))

    def _too_soon(self, sku: str) -> bool:
        now, last = self.clock.now(), self._last_sale.get(sku)
        if last is not None and now - last <= self._apart:
            return True
        self._last_sale[sku] = now
        return False

    # -- how it is told -----------------------------------------------------------------------------------------------

    def _shelf(self, goods: Goods, pieces: int) -> None:
        goods.on_hand += pieces
        goods.changed_at = now = self.clock.now()
        late = POLL_SECONDS if self._chance.random() < LOST else self._chance.uniform(0.2, 5)
        hint = StockHint(sku=goods.sku, cause="webhook", location="MAIN", changed_at=now)
        self._tell(goods, hint, late)
        self._judge(goods)

    def _tell_units(self, goods: Goods, order: str, side: Literal["web", "pos"], **pieces: int) -> float:
        units = {name: Decimal(number) for name, number in pieces.items()}
        told = WebUnits(order=order, location="MAIN", side=side, at=self.clock.now(), **units)
        late = self._chance.uniform(0.2, 5)
        self._tell(goods, StockHint(sku=goods.sku, cause="sale", units=told), late)
        return late

    def _tell(self, goods: Goods, hint: StockHint, late: float) -> None:
        at = self.clock.now() + timedelta(seconds=late)
        goods.visible_at = max(at, goods.visible_at or at)
        self._after(late, self._told, hint)

    async def _told(self, hint: StockHint) -> None:
        """Through both stages."""
        headers = envelope(f"r{next(self._numbers)}", entity="stock_hint")
        taken = record(hint.model_dump_json().encode(), headers, key=f"pos:{hint.sku}")
        await self._inventory.handle(Work("inventory", [Arrival(taken, headers)]))
        for out in self.bench.publisher.on("canonical.stock"):
            ours = Envelope.from_headers(out.headers)
            stock = replace(record(out.value, ours, key=f"pos:{hint.sku}"), headers=tuple(out.headers))
            await self.bench.handler.handle(Work("deliver", [Arrival(stock, ours)]))
        self.bench.publisher.records.clear()
        await self._look(self._goods[hint.sku])

    # -- the truth ----------------------------------------------------------------------------------------------------

    def _judge(self, goods: Goods) -> None:
        now, visible_at = self.clock.now(), goods.visible_at
        if goods.short and goods.short_since is None and visible_at is not None:
            goods.short_since = now
            self.oversold.append(Oversold(goods.sku, visible_at))
        elif not goods.short and goods.short_since is not None:
            goods.short_since = None
            self._last_of(goods.sku).over_at = now

    async def _look(self, goods: Goods) -> None:
        """What the store lists of the SKU, as a person would see it now."""
        for row in await self.bench.store.oversells.waiting():
            if row.number in self._known:
                continue
            self._known.add(row.number)
            if goods.short_since is None:
                self.false_alarms.append(f"{goods.sku} at {self.clock.now()}")
            else:
                self._last_of(goods.sku).found_at = self.clock.now()

    def _last_of(self, sku: str) -> Oversold:
        return next(one for one in reversed(self.oversold) if one.sku == sku)

    # -- virtual time -------------------------------------------------------------------------------------------------

    def _after(self, seconds: float, act: Callable[..., Awaitable[object]], *of: object) -> None:
        at = self.clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._agenda, (at, next(self._numbers), lambda: act(*of)))
