"""The contract of `streams.ports.Sales`, and what Heartland itself does not do about it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import AliasMissing, OutcomeUnknown, Rejected, Throttled
from streams.ports import Sales
from tests.contract.systems import LATE, PosSystem


@pytest.fixture
def sales(pos: PosSystem) -> Sales:
    return pos.orders


async def test_a_created_order_is_found_by_its_public_id_as_it_was_drafted(pos: PosSystem, sales: Sales) -> None:
    draft = pos.draft()
    assert await sales.find_order(draft.public_id) is None
    created = await sales.create_order(draft)
    assert await sales.find_order(draft.public_id) == created
    assert (created.public_id, created.total, created.currency) == (draft.public_id, draft.total, draft.currency)
    assert (created.email, created.placed_at, created.status) == (draft.email, draft.placed_at, "Open")
    assert created.order_id
    assert created.number


async def test_a_found_order_tells_what_payments_brought_and_its_addresses(pos: PosSystem, sales: Sales) -> None:
    tenders = [
        {"Type": "Card", "Method": "stripe", "Amount": Decimal("10.00")},
        {"Type": "GiftCard", "Method": "giftcard", "Amount": Decimal("5.00")},
    ]
    home = {"Line1": "1 Oak St", "City": "Austin", "Phone": "+15125550101", "Email": "ann@example.com"}
    total = pos.draft().total
    draft = pos.draft(Tenders=tenders, BalanceDue=total - Decimal("15.00"), ShippingAddress=home)
    created = await sales.create_order(draft)
    assert created.paid == Decimal("10.00")
    assert created.addresses["ShippingAddress"] == home
    assert await sales.find_order(draft.public_id) == created


async def test_another_public_id_is_not_found_by_its_beginning_or_in_other_case(pos: PosSystem, sales: Sales) -> None:
    draft = pos.draft()
    await sales.create_order(draft)
    assert await sales.find_order(draft.public_id[:-1]) is None
    assert await sales.find_order(draft.public_id.lower()) is None


async def test_heartland_makes_a_second_order_of_the_same_public_id_and_finding_them_is_a_collision(
    pos: PosSystem, sales: Sales
) -> None:
    draft = pos.draft()
    first, second = await sales.create_order(draft), await sales.create_order(draft)
    assert first.order_id != second.order_id
    with pytest.raises(Rejected) as caught:
        await sales.find_order(draft.public_id)
    assert caught.value.code == "collision"
    assert first.order_id in str(caught.value)
    assert second.order_id in str(caught.value)


async def test_an_unknown_sku_waits_for_its_alias_and_nothing_is_created(pos: PosSystem, sales: Sales) -> None:
    line = {"SKU": "no such, SKU", "Quantity": Decimal(2), "Price": Decimal("10.00"), "Tax": Decimal("1.65")}
    draft = pos.draft(LineItems=[line])
    with pytest.raises(AliasMissing, match="no such, SKU") as caught:
        await sales.create_order(draft)
    assert caught.value.sku == "no such, SKU"
    assert await sales.find_order(draft.public_id) is None


async def test_a_wrong_sum_is_rejected_with_its_field_and_nothing_is_created(pos: PosSystem, sales: Sales) -> None:
    draft = pos.draft(TotalAmount=Decimal("21.66"))
    with pytest.raises(Rejected, match="TotalAmount"):
        await sales.create_order(draft)
    assert await sales.find_order(draft.public_id) is None


async def test_throttling_says_how_long_to_wait_and_nothing_is_created(pos: PosSystem, sales: Sales) -> None:
    draft = pos.draft()
    pos.faults.put(Rule(Fault.THROTTLE, every=1, operation="create_order", retry_after=7))
    with pytest.raises(Throttled) as caught:
        await sales.create_order(draft)
    assert caught.value.retry_after == 7
    assert pos.faults.mutations("create_order") == []


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.RESET_BEFORE])
async def test_a_creation_that_failed_is_unknown_and_was_sent_once(pos: PosSystem, sales: Sales, fault: Fault) -> None:
    draft = pos.draft()
    assert await sales.find_order(draft.public_id) is None
    pos.faults.put(Rule(fault, every=1, operation="create_order"))
    with pytest.raises(OutcomeUnknown, match=f"pos: create_order for order {draft.public_id}"):
        await sales.create_order(draft)
    assert pos.faults.fired(fault) == 1


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), Rule(Fault.HANG), LATE])
async def test_an_order_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, sales: Sales, rule: Rule
) -> None:
    draft = pos.draft()
    assert await sales.find_order(draft.public_id) is None
    pos.faults.put(replace(rule, every=1, operation="create_order", client="tillstream"))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"pos: create_order for order {draft.public_id}"):
            await hurried.orders.create_order(draft)
    assert pos.faults.fired(rule.fault) == 1
    assert await pos.faults.done("create_order", 1) == [201]
    found = await sales.find_order(draft.public_id)
    assert found is not None
    assert found.total == draft.total


async def test_an_order_that_hung_and_was_never_done_is_unknown_and_not_found(pos: PosSystem, sales: Sales) -> None:
    draft = pos.draft()
    pos.faults.put(Rule(Fault.HANG, every=1, operation="create_order", done=False))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown):
            await hurried.orders.create_order(draft)
    assert pos.faults.fired(Fault.HANG) == 1
    assert pos.faults.mutations("create_order") == []
    assert await sales.find_order(draft.public_id) is None


async def test_an_order_of_many_lines_and_amounts_arrives_digit_for_digit(pos: PosSystem, sales: Sales) -> None:
    lines = [
        {"SKU": pos.sku, "Quantity": Decimal("0.3333"), "Price": Decimal("29.9997"), "Tax": Decimal("0.07")}
        for _ in range(50)
    ]
    total = (Decimal("10.00") + Decimal("0.07")) * 50
    draft = replace(pos.draft(LineItems=lines, TotalAmount=total, BalanceDue=total), total=total)
    assert (await sales.create_order(draft)).total == total
