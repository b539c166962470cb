"""The demo's shop: it lets its people act at their paces, and makes the few mistakes that must end in review."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.demo.clerks import Clerks
from app.demo.customers import Customers, Goods
from app.demo.deeds import DeedsFile, Expect, InvalidEvent
from app.demo.lives import Life, Lives
from app.demo.members import Members
from app.demo.rest import RestError
from app.demo.web_store import Shopper, WebOrder, WebStore
from app.demo.web_team import WebTeam

UNKNOWN_SKU = "WEB-ONLY-1"
"""The web store sells it, the point of sale does not know it: the order of it waits for an alias."""
CONFIGURABLES = 20
"""Configurable products of which the customers choose variants."""

PACKING, INVOICING, CANCELING, WEB_PACKING, NUMBERING, REFUNDING, CATALOGUE = 0.7, 0.8, 0.5, 0.6, 0.3, 0.8, 0.2
JOINING, MOVING = 0.4, 0.8
"""How often per second somebody does that."""
BROUGHT_BACK = 0.5
"""Share of the refunds that the till gives; the others are the web team's."""

SendEvent = Callable[[str, Mapping[str, Any]], Awaitable[str]]
"""Posts a signed event (entity, body) to the door and returns its receipt id."""


@dataclass(slots=True)
class Tally:
    """What the shop has done so far, for the screen."""

    orders: int = 0
    changes: int = 0
    packed: int = 0
    invoiced: int = 0
    canceled: int = 0
    refunded: int = 0
    catalogue: int = 0
    members: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class People:
    """Who acts in the shop."""

    customers: Customers
    members: Members
    clerks: Clerks
    team: WebTeam


class Shop:
    """Trades until it is told to stop; every deed is written down when it is done.

    Attributes:
        tally: what it has done so far.
        lives: the orders that it still does something with.
    """

    def __init__(
        self,
        web: WebStore,
        people: People,
        deeds: DeedsFile,
        lives: Lives,
        goods: list[Goods],
        chance: random.Random,
        *,
        source: str,
        send_event: SendEvent,
        refunds: bool,
    ) -> None:
        self._web = web
        self._people = people
        self._deeds = deeds
        self.lives = lives
        self._goods = goods
        self._chance = chance
        self._source = source
        self._send_event = send_event
        self._refunds = refunds
        self._busy: set[asyncio.Task[None]] = set()
        self.tally = Tally()

    async def trade(
        self, stop: asyncio.Event, *, orders_per_second: float, changes_per_second: float, mistakes: bool = True
    ) -> None:
        """Trade until ``stop``, then finish what is under way, or break it off if cancelled; without ``mistakes`` if
        they were made before."""
        await self._fill_carts()
        if mistakes:
            await self._people.clerks.issue_gift_cards()
            await self._people.members.enter_regulars()
            await self.make_mistakes()
        paces = (
            (orders_per_second, self._one_order),
            (changes_per_second, self._one_change),
            (PACKING, self._pack),
            (WEB_PACKING, self._people.team.pack),
            (NUMBERING, self._people.clerks.number_late),
            (INVOICING, self._invoice),
            (CANCELING, self._cancel),
            (CATALOGUE, self._change_catalogue),
            (JOINING, self._join),
            (MOVING, self._change_member),
            *(((REFUNDING, self.refund),) if self._refunds else ()),
        )
        try:
            await asyncio.gather(*(self._at_a_pace(stop, per_second, act) for per_second, act in paces))
            while self._busy:
                await asyncio.wait(self._busy)
        finally:
            for task in self._busy:
                task.cancel()

    async def _fill_carts(self) -> None:
        """Some goods are bought by choosing a colour."""
        carts = self._people.customers.carts
        carts += [item.cart_item for item in self._goods if item.kind != "configurable"]
        parents = [item.sku for item in self._goods if item.kind == "configurable"]
        for sku in parents[:CONFIGURABLES]:
            carts += await self._web.variants(sku)

    # -- Mistakes ------------------------------------------------------------------------------------------------

    async def make_mistakes(self) -> None:
        """One order of a SKU that the point of sale does not know, and three events that cannot be right."""
        await self._web.add_product(UNKNOWN_SKU, Decimal("19.99"), self._source, 50)
        await self.order_unknown()
        shelf = next(item for item in self._goods if item.kind == "simple")
        example = await self._web.place([shelf.cart_item], Shopper("ann@example.com"), method="checkmo")
        self._note(example, Expect.EXPORTED)
        for subject, body in _wrong_events(example):
            receipt = await self._send_event("order", body)
            self._deeds.write(InvalidEvent(subject, receipt))

    async def order_unknown(self) -> None:
        """One more order of the SKU that the point of sale does not know."""
        item = {"sku": UNKNOWN_SKU, "qty": 1}
        placed = await self._web.place([item], Shopper("broken@example.com"), method="checkmo")
        self._note(placed, Expect.REVIEW)

    def _note(self, placed: WebOrder, expect: Expect) -> None:
        self._people.customers.note(placed, expect)
        self.tally.orders += 1

    # -- Paces ---------------------------------------------------------------------------------------------------

    async def _at_a_pace(self, stop: asyncio.Event, per_second: float, act: Callable[[], Awaitable[object]]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not stop.is_set():
            task = asyncio.create_task(self._try(act))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
            due += 1 / per_second
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.0, due - loop.time()))

    async def _try(self, act: Callable[[], Awaitable[object]]) -> None:
        try:
            await act()
        except (RestError, OSError, TimeoutError) as error:
            self.tally.problems.append(str(error))

    async def _one_order(self) -> None:
        placed, payment = await self._people.customers.place()
        self.tally.orders += 1
        if payment.paid and placed.state == "new":
            await self._people.team.invoice(placed.order_id, placed.number)
            self.tally.invoiced += 1

    async def _one_change(self) -> None:
        await self._people.clerks.change_stock()
        self.tally.changes += 1

    async def _pack(self) -> None:
        self.tally.packed += await self._people.clerks.pack()

    async def _invoice(self) -> None:
        self.tally.invoiced += await self._people.team.invoice_late()

    async def _cancel(self) -> None:
        self.tally.canceled += await self._people.team.cancel()

    async def refund(self) -> None:
        """Money of an order that has left goes back, at the till or by the web team; never by both.

        Nor before the web store has shipped it: a refund of goods that it still has to ship is for a person.
        """
        if not self.lives.gone:
            return
        order_id, life = self.lives.gone.popleft()
        if not life.refundable:
            return
        done = await self._people.team.has_shipped(life) and await self._give_back(order_id, life)
        self.tally.refunded += done
        if not done:
            self.lives.gone.append((order_id, life))

    async def _give_back(self, order_id: str, life: Life) -> bool:
        if self._chance.random() < BROUGHT_BACK:
            return await self._people.clerks.take_back(order_id, life)
        return await self._people.team.give_back(life)

    async def _join(self) -> None:
        await self._people.members.join()
        self.tally.members += 1

    async def _change_member(self) -> None:
        self.tally.members += await self._people.members.change()

    async def _change_catalogue(self) -> None:
        await self._people.clerks.change_catalogue()
        self.tally.catalogue += 1


def _wrong_events(example: WebOrder) -> list[tuple[str, Mapping[str, Any]]]:
    """Signed events that cannot be right: without an id, of an order that is not there, and with a missing shape."""
    return [
        ("no id", {"increment_id": "x", "grand_total": 1}),
        ("999999901", {"entity_id": 999999901}),
        ("999999902", {"entity_id": 999999902, "increment_id": "999999902", "items": "none", "state": example.state}),
    ]
