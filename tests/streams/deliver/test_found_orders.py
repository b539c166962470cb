"""An order that is in the point of sale already: made from an older telling before a crash, or by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from schemas.canonical import Address, Sale, Tender, TenderKind
from schemas.ids import Ref
from streams.deliver.payment import PAID_WITH_ORDER
from streams.ports import OrderDraft, SeenOrder
from tests.streams.deliver.bench import SALE, Bench, later


@pytest.fixture
def pos() -> Bench:
    return Bench("pos")


def paid_by_card(sale: Sale, amount: str) -> Sale:
    card = Tender(kind=TenderKind.CARD, method="stripe", amount=Decimal(amount))
    totals = sale.totals.model_copy(update={"due": sale.totals.total - card.amount})
    return sale.model_copy(update={"tenders": (card,), "totals": totals})


def after_a_crash(pos: Bench, **shown: Any) -> Bench:
    """A worker that remembers nothing, of a point of sale that has the order, and shows it so."""
    restarted = Bench("pos")
    restarted.book.orders = [replace(order, **shown) for order in pos.book.orders]
    return restarted


async def brought(bench: Bench) -> Decimal:
    """What the order is known to have brought as tenders."""
    ref = Ref("web", "order", "42")._replace(type=PAID_WITH_ORDER)
    return Decimal((await bench.store.applied.get("pos", [ref]))[ref].content)


async def test_what_a_found_order_lacks_does_not_pass_for_paid(pos: Bench) -> None:
    """A worker was killed between creating the order and saying so; meanwhile the rest of it was paid."""
    await pos.deliver(paid_by_card(SALE, "10.00"), "order")
    restarted = after_a_crash(pos)
    entry = await restarted.deliver(paid_by_card(later(5), "26.65"), "order")
    assert entry is not None
    assert entry.message == "found as 17, created earlier"
    assert await brought(restarted) == 10


async def test_a_found_order_that_does_not_show_its_tenders_is_taken_for_paid_as_the_web_store_says(pos: Bench) -> None:
    await pos.deliver(paid_by_card(SALE, "10.00"), "order")
    restarted = after_a_crash(pos, paid=None)
    await restarted.deliver(paid_by_card(SALE, "10.00"), "order")
    assert await brought(restarted) == 10


@pytest.mark.rule("orders.address_change")
async def test_an_order_found_with_an_older_address_gets_the_one_that_it_has_now(pos: Bench) -> None:
    home = Address(lines=("1 Oak St",), city="Austin", country="US")
    await pos.deliver(SALE.model_copy(update={"shipping_address": home, "billing": home}), "order")
    restarted = after_a_crash(pos)
    moved = Address(lines=("9 Elm St",), city="Austin", country="US")
    await restarted.deliver(later(5, shipping_address=moved, billing=home), "order")
    assert restarted.book.addresses["17"] == {
        "ShippingAddress": {"Line1": "9 Elm St", "City": "Austin", "Country": "US", "Email": "ann@example.com"}
    }


async def test_a_line_that_was_taken_out_of_an_address_goes_from_a_found_order_too(pos: Bench) -> None:
    home = Address(lines=("1 Oak St", "Apt 4"), city="Austin", country="US")
    await pos.deliver(SALE.model_copy(update={"shipping_address": home}), "order")
    restarted = after_a_crash(pos)
    await restarted.deliver(later(5, shipping_address=home.model_copy(update={"lines": ("1 Oak St",)})), "order")
    written = restarted.book.addresses["17"]["ShippingAddress"]
    assert isinstance(written, dict)
    assert written["Line1"] == "1 Oak St"
    assert "Line2" not in written


@pytest.mark.parametrize("left", [{"status": "Fulfilled"}, {"packed": True}])
async def test_a_found_order_whose_goods_are_packed_keeps_its_addresses(pos: Bench, left: dict[str, Any]) -> None:
    home = Address(lines=("1 Oak St",), city="Austin", country="US")
    await pos.deliver(SALE.model_copy(update={"shipping_address": home}), "order")
    restarted = after_a_crash(pos, **left)
    await restarted.deliver(later(5, shipping_address=home.model_copy(update={"lines": ("9 Elm St",)})), "order")
    assert restarted.book.addresses == {}


async def test_a_worker_that_was_frozen_over_its_look_up_sets_no_older_address(
    pos: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Address(lines=("1 Oak St",), city="Austin", country="US")
    first, find = SALE.model_copy(update={"shipping_address": home}), pos.book.find_order

    async def frozen(public_id: str) -> SeenOrder | None:
        monkeypatch.setattr(pos.book, "find_order", find)
        await pos.deliver(first, "order")
        await pos.deliver(later(5, shipping_address=home.model_copy(update={"lines": ("9 Elm St",)})), "order")
        addresses = cast("dict[str, dict[str, object]]", pos.book.addresses["17"])
        pos.book.orders[0] = replace(pos.book.orders[0], addresses=addresses)
        return await find(public_id)

    monkeypatch.setattr(pos.book, "find_order", frozen)
    await pos.deliver(first, "order")
    written = pos.book.addresses["17"]["ShippingAddress"]
    assert isinstance(written, dict)
    assert written["Line1"] == "9 Elm St"


async def test_a_payment_that_was_posted_to_an_order_entered_by_hand_did_not_come_with_it(pos: Bench) -> None:
    await pos.deliver(SALE, "order")
    by_hand = after_a_crash(pos, paid=Decimal(0))
    by_hand.launches.since = SALE.placed_at + timedelta(days=1)
    left = await by_hand.deliver(SALE, "order")
    assert left is not None
    assert "linked" in left.message
    by_hand.book.orders = [replace(by_hand.book.orders[0], paid=Decimal("16.65"))]
    await by_hand.deliver(paid_by_card(SALE, "16.65"), "order")
    by_hand.launches.since = SALE.placed_at - timedelta(days=1)
    await by_hand.deliver(paid_by_card(SALE, "26.65"), "order")
    assert await brought(by_hand) == 0


async def test_points_that_a_shop_books_as_another_tender_are_no_payment(pos: Bench) -> None:
    points = Tender(kind=TenderKind.REWARD_POINTS, method="points", amount=Decimal(5))
    create = pos.book.create_order

    async def booked_as_other(draft: OrderDraft) -> SeenOrder:
        return replace(await create(draft), paid=Decimal(5))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pos.book, "create_order", booked_as_other)
        await pos.deliver(SALE.model_copy(update={"tenders": (points,)}), "order")
    assert await brought(pos) == 0


async def test_a_found_order_with_the_same_addresses_is_left_alone(pos: Bench) -> None:
    home = Address(lines=("1 Oak St",), city="Austin", country="US")
    at_home = SALE.model_copy(update={"shipping_address": home})
    await pos.deliver(at_home, "order")
    restarted = after_a_crash(pos)
    await restarted.deliver(at_home, "order")
    assert restarted.book.addresses == {}
