"""The demo's clerks: they sell in store, count shelves, pack web orders, take goods back and keep the catalogue."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from app.demo.customers import GIFT_CARD_BALANCE, GIFT_CARDS, Goods
from app.demo.deeds import (
    DeedsFile,
    GivenBack,
    MadeProduct,
    Parcel,
    PricedProduct,
    RenamedProduct,
    StockChange,
)
from app.demo.lives import Fate, Life, Lives
from app.demo.till import Document, Till

PACKED_AT_ONCE = 5
LOOKED_AT = 50
CENT = Decimal("0.01")
FEE = Decimal("1.00")
"""What the till keeps of some returns, for restocking."""
REPRICED = 0.01
"""Share of the goods that ever get another price: a shop that reprices more than that at once is held for a person."""
LARGEST_STEP = 5
"""Percent by which a price moves."""


class Clerks:
    """What people do at the point of sale.

    Args:
        prefix: of a web order's name there.
        packs: the locations where they pack; what is to be fetched elsewhere is none of theirs.
        names: what each SKU is called in the web store.
        virtual: SKUs that no parcel holds.
    """

    def __init__(
        self,
        till: Till,
        deeds: DeedsFile,
        lives: Lives,
        chance: random.Random,
        *,
        shelves: Sequence[Goods],
        locations: Sequence[str],
        packs: Sequence[str],
        prefix: str,
        names: Mapping[str, str],
        virtual: Collection[str],
    ) -> None:
        self._till = till
        self._deeds = deeds
        self._lives = lives
        self._chance = chance
        self._shelves = shelves
        self._repriced = shelves[: max(1, int(len(shelves) * REPRICED))]
        self._locations = locations
        self._packs = packs
        self._prefix = prefix
        self._names = names
        self._virtual = virtual
        self._made = 0
        self._packing = asyncio.Lock()

    async def issue_gift_cards(self) -> None:
        """Every card that the web store takes is one of the point of sale's."""
        for number in GIFT_CARDS:
            await self._till.issue_gift_card(number, GIFT_CARD_BALANCE)

    async def change_stock(self) -> None:
        """A sale or a count."""
        item = self._chance.choice(self._shelves)
        location = self._chance.choice(self._locations)
        if self._chance.random() < 0.8:  # noqa: PLR2004 - four sales to one count
            await self._till.sell(item.sku, 1, item.price, location)
        else:
            await self._till.count(item.sku, location, self._chance.randrange(20, 400))
        self._deeds.write(StockChange(item.sku, location))

    # -- Packing -------------------------------------------------------------------------------------------------

    async def pack(self) -> int:
        """Pack some web orders. Returns how many; none while others are at it, who would take the same ones."""
        if self._packing.locked():
            return 0
        async with self._packing:
            return await self._pack_some()

    async def _pack_some(self) -> int:
        packed = 0
        for listed in await self._till.open_web_orders(LOOKED_AT):
            number = str(listed["ExternalID"]).removeprefix(self._prefix)
            fate = self._lives.fate_of(number)
            if listed["LocationID"] not in self._packs or fate is Fate.CANCELED:
                continue
            if packed == PACKED_AT_ONCE:
                break
            order = await self._till.read(str(listed["OrderID"]))
            if order["Status"] != "Open":  # the list may be late
                continue
            packed += 1
            await self._pack_one(order, number, fate)
        return packed

    async def _pack_one(self, order: Document, number: str, fate: Fate) -> None:
        order_id = str(order["OrderID"])
        sent = len(order.get("Shipments") or ())
        goods = [line for line in order["LineItems"] if line["SKU"] not in self._virtual]
        if fate is Fate.PARCELS and not sent and goods:
            await self._send(order_id, number, "1", goods[:1])
            return
        if fate is Fate.PARCELS and len(goods) > 1 and sent == 1:
            await self._send(order_id, number, "2", goods[1:])
        await self._till.fulfil(order_id)
        life = self._lives.known.get(number)
        if life is None:
            return
        if fate is Fate.LATE_NUMBER and goods:
            self._lives.numbers.append((order_id, life))
        else:
            self._deeds.write(Parcel(number))
            self._lives.gone.append((order_id, life))

    async def _send(self, order_id: str, number: str, suffix: str, lines: Sequence[Document]) -> None:
        track = f"1Z{number}{suffix}"
        taken = [{"SKU": line["SKU"], "Quantity": line["Quantity"]} for line in lines]
        await self._till.send_parcel(order_id, track, taken)
        self._deeds.write(Parcel(number, track))

    async def number_late(self) -> None:
        """An order that has left gets its tracking number."""
        if not self._lives.numbers:
            return
        order_id, life = self._lives.numbers.popleft()
        order = await self._till.read(order_id)
        goods = [line for line in order["LineItems"] if line["SKU"] not in self._virtual]
        await self._send(order_id, life.number, "L", goods)
        self._lives.gone.append((order_id, life))

    # -- Returns -------------------------------------------------------------------------------------------------

    async def take_back(self, order_id: str, life: Life) -> bool:
        """A customer brings goods of a web order. False if it is not paid yet: they come again."""
        order = await self._till.read(order_id)
        if order["PaymentStatus"] != "Paid":
            return False
        lines = [line for line in order["LineItems"] if line["SKU"] not in self._virtual]
        if not lines:
            return True
        line = self._chance.choice(lines)
        amount = _cost(line)
        if amount > FEE and self._chance.random() < 0.3:  # noqa: PLR2004 - now and then
            amount -= FEE
        back = {"SKU": line["SKU"], "Quantity": line["Quantity"], "Restocked": True}
        await self._till.take_back(order_id, amount, back)
        self._deeds.write(GivenBack(life.number, amount))
        return True

    # -- The catalogue -------------------------------------------------------------------------------------------

    async def change_catalogue(self) -> None:
        """Another price, another name, or a new item."""
        act = self._chance.choices((self._reprice, self._rename, self._add), (6, 2, 2))[0]
        await act()

    async def _reprice(self) -> None:
        item = self._chance.choice(self._repriced)
        step = Decimal(self._chance.randint(-LARGEST_STEP, LARGEST_STEP)) / 100
        price = max(CENT, (item.price * (1 + step)).quantize(CENT))
        await self._till.change_product(item.sku, Price=float(price))
        self._deeds.write(PricedProduct(item.sku))

    async def _rename(self) -> None:
        item = self._chance.choice(self._repriced)
        await self._till.change_product(item.sku, Name=f"{self._names[item.sku]} (new)")
        self._deeds.write(RenamedProduct(item.sku, self._names[item.sku]))

    async def _add(self) -> None:
        self._made += 1
        sku = f"NEW-{self._chance.randrange(10**9):09d}"
        name = f"New product {self._made}"
        await self._till.add_product(sku, name, Decimal("24.99"), {self._locations[0]: 12})
        self._deeds.write(MadeProduct(sku, name))


def _cost(line: Document) -> Decimal:
    """What a whole line cost, tax included."""
    price, discount, tax = (Decimal(str(line.get(name) or 0)) for name in ("Price", "Discount", "Tax"))
    return (price * Decimal(str(line["Quantity"]))).quantize(CENT) - discount + tax
