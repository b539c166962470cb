"""Both systems as models: whatever happens in whatever order, the web sells exactly what the shop can sell."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from schemas.canonical import LocationLevel, WebUnits
from streams.inventory.formula import available_quantity, source_quantities
from streams.inventory.table import SkuState

START = datetime(2026, 11, 24, tzinfo=UTC)

pytestmark = [
    pytest.mark.rule("stock.model_msi"),
    pytest.mark.rule("stock.model_legacy"),
    pytest.mark.rule("stock.msi_formula"),
    pytest.mark.rule("stock.clamped_at_zero"),
    pytest.mark.rule("stock.not_below_unshipped"),
    pytest.mark.rule("stock.reservations_once"),
    pytest.mark.rule("stock.legacy_formula"),
]


@dataclass
class WebOrder:
    """One order of one SKU, in both systems. Pieces are either still to do or done."""

    ref: str
    quantity: int
    shipped: int = 0
    canceled: int = 0
    refunded: int = 0
    imported: bool = False
    committed: int = 0
    taken: int = 0

    @property
    def unshipped(self) -> int:
        return max(0, self.quantity - max(self.shipped, self.refunded) - self.canceled)


@dataclass
class Shop:
    """A point of sale with one location, and a Magento with one source."""

    on_hand: int = 20
    special_orders: int = 0
    orders: list[WebOrder] = field(default_factory=list)
    seconds: int = 0

    @property
    def committed(self) -> int:
        return self.special_orders + sum(order.committed for order in self.orders)

    @property
    def reserved(self) -> int:
        """Magento's reservations: what it has sold and not shipped."""
        return sum(order.unshipped for order in self.orders)

    @property
    def sellable(self) -> int:
        """Pieces on the shelf that nobody has bought: not a special order's, and not a web order's.

        A web order's pieces are still on the shelf unless taken off here or shipped there; what the point of sale
        holds for an order that Magento has shipped or canceled is not on sale until it lets go.
        """
        spoken_for = self.special_orders
        for order in self.orders:
            on_the_shelf = order.unshipped - min(order.taken, max(0, order.unshipped - order.committed))
            spoken_for += max(order.committed, on_the_shelf)
        return self.on_hand - spoken_for

    def level(self) -> LocationLevel:
        return LocationLevel(location="MAIN", on_hand=Decimal(self.on_hand), committed=Decimal(self.committed))


class StockModel(RuleBasedStateMachine):
    """Events happen; each of them is told to the table, but late, twice and in any order."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop()
        self.state = SkuState()
        self.untold: list[WebUnits] = []
        self.chance = random.Random(7)

    def _tell(self, order: WebOrder, *sides: str) -> None:
        self.shop.seconds += 1
        at = START + timedelta(seconds=self.shop.seconds)
        if "web" in sides:
            unshipped = Decimal(order.unshipped)
            self.untold.append(WebUnits(order=order.ref, location="MAIN", side="web", at=at, unshipped=unshipped))
        if "pos" in sides:
            self.untold.append(
                WebUnits(
                    order=order.ref,
                    location="MAIN",
                    side="pos",
                    at=at,
                    committed=Decimal(order.committed),
                    taken=Decimal(order.taken),
                )
            )

    @rule(target=orders, quantity=st.integers(1, 4))
    def place(self, quantity: int) -> WebOrder:
        order = WebOrder(f"web:order:{len(self.shop.orders)}", quantity)
        self.shop.orders.append(order)
        self._tell(order, "web")
        return order

    @rule(order=orders)
    def import_into_the_point_of_sale(self, order: WebOrder) -> None:
        if not order.imported and order.unshipped:
            order.imported, order.committed = True, order.quantity - order.canceled
            self._tell(order, "pos")

    @rule(order=orders)
    def invoice_in_magento(self, order: WebOrder) -> None:
        """Money, not goods: Magento tells of the order once more, with the same pieces left to ship."""
        self._tell(order, "web")

    @rule(order=orders)
    def fulfil_in_the_point_of_sale(self, order: WebOrder) -> None:
        self.shop.on_hand -= order.committed
        order.taken, order.committed = order.taken + order.committed, 0
        self._tell(order, "pos")

    @rule(order=orders)
    def cancel_in_the_point_of_sale(self, order: WebOrder) -> None:
        order.committed = 0
        self._tell(order, "pos")

    @rule(order=orders, quantity=st.integers(1, 4))
    def ship_in_magento(self, order: WebOrder, quantity: int) -> None:
        quantity = min(quantity, order.unshipped)
        order.shipped += quantity
        if not order.imported:
            # Shipped from the shelf without the point of sale: somebody counts it off there.
            self.shop.on_hand -= quantity
        self._tell(order, "web")

    @rule(order=orders)
    def cancel_in_magento(self, order: WebOrder) -> None:
        order.canceled += order.unshipped
        self._tell(order, "web")

    @rule(order=orders)
    def refund_unshipped_in_magento(self, order: WebOrder) -> None:
        order.refunded = max(order.refunded, order.shipped + order.unshipped)
        self._tell(order, "web")

    @rule(order=orders, quantity=st.integers(1, 4))
    def return_to_the_store(self, order: WebOrder, quantity: int) -> None:
        back = min(quantity, order.taken) if not order.unshipped else 0
        order.taken -= back
        self.shop.on_hand += back
        self._tell(order, "pos")

    @rule(quantity=st.integers(1, 3))
    def sell_in_store(self, quantity: int) -> None:
        self.shop.on_hand -= quantity

    @rule(quantity=st.integers(1, 2))
    def order_specially_in_store(self, quantity: int) -> None:
        self.shop.special_orders += quantity

    @rule(quantity=st.integers(0, 40))
    def count_the_shelf(self, quantity: int) -> None:
        self.shop.on_hand = quantity

    @precondition(lambda self: self.untold)
    @rule(data=st.data())
    def a_hint_arrives(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, len(self.untold) - 1))
        self.state = self.state.apply(self.untold[position])
        if data.draw(st.booleans()):
            del self.untold[position]

    @invariant()
    def once_everything_is_told_the_web_sells_what_the_shop_can(self) -> None:
        hints = list(self.untold)
        self.chance.shuffle(hints)
        state = self.state
        for hint in hints:
            state = SkuState.from_json(state.apply(hint).to_json())
        level = self.shop.level()
        (stock,) = source_quantities(state, [level])
        floor = max(0, self.shop.reserved)
        assert stock.quantity - self.shop.reserved == max(self.shop.sellable, floor - self.shop.reserved)

    @invariant()
    def at_any_time_nothing_is_negative_and_the_webs_units_stay(self) -> None:
        (stock,) = source_quantities(self.state, [self.shop.level()])
        known = sum((units.unshipped for units in self.state.orders.values()), Decimal(0))
        assert stock.quantity >= max(Decimal(0), known)

    @invariant()
    def without_reservations_the_legacy_quantity_is_what_nobody_bought(self) -> None:
        state = self.state
        for hint in self.untold:
            state = state.apply(hint)
        unknown = sum(order.unshipped for order in self.shop.orders if state.orders[order.ref].pos_at is None)
        expected = max(0, self.shop.on_hand - self.shop.committed - unknown)
        assert available_quantity(state, self.shop.level()) == expected


StockModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestStockModel = StockModel.TestCase
