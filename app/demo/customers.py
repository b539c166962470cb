"""The demo's customers: what they put into their carts, how they pay, and what shall become of their orders."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.demo.deeds import DeedsFile, Expect, PlacedOrder
from app.demo.lives import Fate, Life, Lives
from app.demo.members import Members
from app.demo.web_store import Shopper, WebOrder, WebStore

GIFT_CARDS = tuple(f"GIFT-{number:03d}" for number in range(1, 51))
"""Gift cards that the web store's sandbox has from the start, with `GIFT_CARD_BALANCE` on each."""
GIFT_CARD_BALANCE = Decimal(1_000_000)
AUTHORISED = "sandbox_card_authorised"
PICKUP_SHARE = 0.1
MEMBER_SHARE = 0.15
"""Of the orders that no gift card pays."""
CANCEL_SHARE = 0.15
"""Of the orders that nobody has paid for."""


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


@dataclass(frozen=True, slots=True)
class Payment:
    """A way to pay, and what it means for the order's fate.

    Attributes:
        paid: the money comes with the order, or the web team invoices it at once.
        later: the web team invoices it by and by.
    """

    method: str
    expect: Expect = Expect.EXPORTED
    paid: bool = False
    later: bool = False
    gift_card: bool = False


PAYMENTS = (
    (Payment("checkmo"), 25),
    (Payment("checkmo", later=True), 20),
    (Payment("checkmo", paid=True), 15),
    (Payment("checkmo", gift_card=True), 5),
    (Payment("sandbox_card", paid=True), 15),
    (Payment(AUTHORISED), 10),
    (Payment("banktransfer", paid=True), 5),
    (Payment("banktransfer", expect=Expect.WITHHELD), 5),
)
"""Shares of the payment methods. A bank transfer is not among the channel's offline methods, so such an order is only
exported when it has been paid. The money of an authorised card is taken when its goods leave."""
FATES = ((Fate.WHOLE, 60), (Fate.PARCELS, 25), (Fate.LATE_NUMBER, 15))


class Customers:
    """They place orders.

    Args:
        members: some of them have an account.
        carts: cart items to choose from.
        goods: of these, what can be fetched.
        pickup: source of the location where it can be, empty for none.
    """

    def __init__(
        self,
        web: WebStore,
        members: Members,
        deeds: DeedsFile,
        lives: Lives,
        chance: random.Random,
        *,
        goods: Sequence[Mapping[str, Any]],
        pickup: str,
    ) -> None:
        self._web = web
        self._members = members
        self._deeds = deeds
        self._lives = lives
        self._chance = chance
        self._goods = goods
        self._pickup = pickup
        self.carts: list[Mapping[str, Any]] = []

    async def place(self) -> tuple[WebOrder, Payment]:
        """One more order."""
        chance = self._chance
        payment = chance.choices([p for p, _ in PAYMENTS], [share for _, share in PAYMENTS])[0]
        fetched = bool(self._pickup) and payment.expect is Expect.EXPORTED and chance.random() < PICKUP_SHARE
        chosen = chance.sample(self._goods if fetched else self.carts, k=chance.choice((1, 1, 2, 2, 3)))
        items = [{**item, "qty": chance.choice((1, 1, 1, 2))} for item in chosen]
        gift_card = chance.choice(GIFT_CARDS) if payment.gift_card else ""
        pickup = self._pickup if fetched else ""
        async with self._shopper(gift_card) as shopper:
            placed = await self._web.place(items, shopper, method=payment.method, gift_card=gift_card, pickup=pickup)
        self.note(placed, payment.expect)
        fate = Fate.WEB if fetched else self._fate(payment)
        later = payment.later and fate is not Fate.CANCELED
        refundable = later or payment.paid or payment.method == AUTHORISED
        life = Life(placed.order_id, placed.number, fate, pays_later=later, refundable=refundable)
        self._lives.begin(life)
        return placed, payment

    @asynccontextmanager
    async def _shopper(self, gift_card: str) -> AsyncIterator[Shopper]:
        """A member or a guest; a gift card is a guest's."""
        guest = Shopper(f"customer{self._chance.randrange(500)}@example.com")
        if gift_card or self._chance.random() >= MEMBER_SHARE:
            yield guest
            return
        async with self._members.shopping() as member:
            yield member or guest

    def note(self, placed: WebOrder, expect: Expect) -> None:
        """Write an order down."""
        self._deeds.write(PlacedOrder(placed.number, placed.total, placed.email, placed.lines, expect))

    def _fate(self, payment: Payment) -> Fate:
        unpaid = payment.method == "checkmo" and not (payment.paid or payment.gift_card)
        if unpaid and self._chance.random() < CANCEL_SHARE:
            return Fate.CANCELED
        return self._chance.choices([fate for fate, _ in FATES], [share for _, share in FATES])[0]


def goods_of(products: list[Any]) -> list[Goods]:
    """What can be put into a cart; a configurable's children go by their own SKU."""
    return [Goods(product.sku, product.price, product.kind) for product in products]
