"""The demo's shop: it places web orders, sells in store, packs, and makes the few mistakes that must end in review."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.demo.deeds import DeedsFile, Expect, InvalidEvent, PlacedOrder, StockChange
from app.demo.rest import RestError
from app.demo.till import Till
from app.demo.web_store import WebOrder, WebStore

UNKNOWN_SKU = "WEB-ONLY-1"
"""The web store sells it, the point of sale does not know it: the order of it waits for an alias."""

CONFIGURABLES = 20
"""Configurable products of which the customers choose variants."""
GIFT_CARDS = 50
"""Gift cards that the sandbox issues, GIFT-001 upwards."""

SendEvent = Callable[[str, Mapping[str, Any]], Awaitable[str]]
"""Posts a signed event (entity, body) to the door and returns its receipt id."""


@dataclass(frozen=True, slots=True)
class Goods:
    """One product that the shop sells; ``kind`` is Magento's type."""

    sku: str
    price: Decimal
    kind: str

    @property
    def cart_item(self) -> Mapping[str, Any]:
        """A cart item of it, bought by its own SKU."""
        return {"sku": self.sku, "qty": 1}


@dataclass(slots=True)
class Tally:
    """What the shop has done so far, for the screen."""

    orders: int = 0
    changes: int = 0
    packed: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Payment:
    """A way to pay, and what it means for the order's fate."""

    method: str
    invoice: bool
    expect: Expect
    gift_card: bool = False


PAYMENTS = (
    (Payment("checkmo", invoice=False, expect=Expect.EXPORTED), 45),
    (Payment("checkmo", invoice=True, expect=Expect.EXPORTED), 20),
    (Payment("checkmo", invoice=False, expect=Expect.EXPORTED, gift_card=True), 5),
    (Payment("sandbox_card", invoice=False, expect=Expect.EXPORTED), 20),
    (Payment("banktransfer", invoice=True, expect=Expect.EXPORTED), 5),
    (Payment("banktransfer", invoice=False, expect=Expect.WITHHELD), 5),
)
"""Shares of the payment methods. A bank transfer is not among the channel's offline methods, so such an order is only
exported when it has been paid."""


class Shop:
    """Trades until it is told to stop; every deed is written down when it is done."""

    def __init__(
        self,
        web: WebStore,
        till: Till,
        deeds: DeedsFile,
        goods: list[Goods],
        *,
        locations: tuple[str, ...],
        source: str,
        send_event: SendEvent,
        seed: int,
    ) -> None:
        self._web = web
        self._till = till
        self._deeds = deeds
        self._goods = goods
        self._shelves = [item for item in goods if item.kind == "simple"]
        self._locations = locations
        self._source = source
        self._send_event = send_event
        self._chance = random.Random(seed)
        self._carts = [item.cart_item for item in goods if item.kind != "configurable"]
        self._busy: set[asyncio.Task[None]] = set()
        self.tally = Tally()

    async def trade(
        self, stop: asyncio.Event, *, orders_per_second: float, changes_per_second: float, mistakes: bool = True
    ) -> None:
        """Trade until ``stop``, then finish what is under way, or break it off if cancelled; without ``mistakes`` if
        they were made before."""
        await self._learn_variants()
        if mistakes:
            await self.make_mistakes()
        try:
            await asyncio.gather(
                self._at_a_pace(stop, orders_per_second, self._one_order),
                self._at_a_pace(stop, changes_per_second, self._one_change),
                self._at_a_pace(stop, 0.5, self._pack),
            )
            while self._busy:
                await asyncio.wait(self._busy)
        finally:
            for task in self._busy:
                task.cancel()

    async def _learn_variants(self) -> None:
        """Some goods are bought by choosing a colour."""
        parents = [item.sku for item in self._goods if item.kind == "configurable"]
        for sku in parents[:CONFIGURABLES]:
            self._carts += await self._web.variants(sku)

    async def make_mistakes(self) -> None:
        """One order of a SKU that the point of sale does not know, and three events that cannot be right."""
        await self._web.add_product(UNKNOWN_SKU, Decimal("19.99"), self._source, 50)
        await self.order_unknown()
        example = await self._web.place([self._shelves[0].cart_item], email="ann@example.com", method="checkmo")
        self._note(example, "ann@example.com", Expect.EXPORTED)
        for subject, body in _wrong_events(example):
            receipt = await self._send_event("order", body)
            self._deeds.write(InvalidEvent(subject, receipt))

    async def order_unknown(self) -> None:
        """One more order of the SKU that the point of sale does not know."""
        item = {"sku": UNKNOWN_SKU, "qty": 1}
        placed = await self._web.place([item], email="broken@example.com", method="checkmo")
        self._note(placed, "broken@example.com", Expect.REVIEW)

    async def _at_a_pace(self, stop: asyncio.Event, per_second: float, act: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not stop.is_set():
            task = asyncio.create_task(self._try(act))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
            due += 1 / per_second
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, due - loop.time()))

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except (RestError, OSError, TimeoutError) as error:
            self.tally.problems.append(str(error))

    async def _one_order(self) -> None:
        payment = self._chance.choices([p for p, _ in PAYMENTS], [share for _, share in PAYMENTS])[0]
        chosen = self._chance.sample(self._carts, k=self._chance.choice((1, 1, 2, 2, 3)))
        items = [{**item, "qty": self._chance.choice((1, 1, 1, 2))} for item in chosen]
        gift_card = f"GIFT-{self._chance.randrange(1, GIFT_CARDS + 1):03d}" if payment.gift_card else ""
        email = f"customer{self._chance.randrange(500)}@example.com"
        placed = await self._web.place(items, email=email, method=payment.method, gift_card=gift_card)
        self._note(placed, email, payment.expect)
        if payment.invoice and placed.state == "new":
            await self._web.invoice(placed.order_id)

    def _note(self, placed: WebOrder, email: str, expect: Expect) -> None:
        self._deeds.write(PlacedOrder(placed.number, placed.total, email, placed.lines, expect))
        self.tally.orders += 1

    async def _one_change(self) -> None:
        item = self._chance.choice(self._shelves)
        location = self._chance.choice(self._locations)
        if self._chance.random() < 0.8:  # noqa: PLR2004 - four sales to one count
            await self._till.sell(item.sku, 1, item.price, location)
        else:
            await self._till.count(item.sku, location, self._chance.randrange(20, 400))
        self._deeds.write(StockChange(item.sku, location))
        self.tally.changes += 1

    async def _pack(self) -> None:
        for order_id in await self._till.open_web_orders(5):
            await self._till.fulfil(order_id)
            self.tally.packed += 1


def _wrong_events(example: WebOrder) -> list[tuple[str, Mapping[str, Any]]]:
    """Signed events that cannot be right: without an id, of an order that is not there, and with a missing shape."""
    return [
        ("no id", {"increment_id": "x", "grand_total": 1}),
        ("999999901", {"entity_id": 999999901}),
        ("999999902", {"entity_id": 999999902, "increment_id": "999999902", "items": "none", "state": example.state}),
    ]


def goods_of(products: list[Any]) -> list[Goods]:
    """What can be put into a cart; a configurable's children go by their own SKU."""
    return [Goods(product.sku, product.price, product.kind) for product in products]
