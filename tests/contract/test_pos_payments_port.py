"""The contract of `streams.ports.PosPayments`, and what Heartland itself does not do about it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected, Throttled
from streams.ports import PaymentDraft, PosPayments, SeenOrder
from tests.contract.systems import LATE, PosSystem, failures

TOTAL = Decimal("21.65")
NOTHING = Decimal(0)


@pytest.fixture
def payments(pos: PosSystem) -> PosPayments:
    return pos.connector.payments


@pytest.fixture
async def order(pos: PosSystem) -> SeenOrder:
    return await pos.orders.create_order(pos.draft())


def draft(kind: str, amount: Decimal, **fields: object) -> PaymentDraft:
    """A payment under a name that nobody has used; of a sale or an authorization by card."""
    external_id = f"web:invoice:{secrets.token_hex(6)}"
    document = {"ExternalID": external_id, "Kind": kind, "Amount": amount, "Currency": "USD", **fields}
    if "ParentPaymentID" not in fields:
        document |= {"Type": "Card", "Method": "braintree", "Reference": "ch_17"}
    return PaymentDraft(external_id, document, kind, amount, "USD")


async def balance_due(pos: PosSystem, order: SeenOrder) -> Decimal:
    content = await pos.connector.reader.read("order", order.order_id)
    assert content is not None
    return Decimal(str(orjson.loads(content)["BalanceDue"]))


async def test_a_sale_is_found_by_its_external_id_and_pays_its_order(
    pos: PosSystem, payments: PosPayments, order: SeenOrder
) -> None:
    drafted = draft("Sale", TOTAL, OrderID=order.order_id)
    assert await payments.find_payment(drafted.external_id) is None
    created = await payments.create_payment(drafted)
    assert await payments.find_payment(drafted.external_id) == created
    assert await payments.payments_of(order.order_id) == (created,)
    assert (created.external_id, created.kind, created.status) == (drafted.external_id, "Sale", "Captured")
    assert (created.amount, created.captured, created.refunded, created.currency) == (TOTAL, TOTAL, NOTHING, "USD")
    assert (created.order_id, created.parent_id) == (order.order_id, "")
    assert await balance_due(pos, order) == NOTHING


async def test_an_authorization_is_captured_in_parts_and_refunded_in_parts(
    payments: PosPayments, order: SeenOrder
) -> None:
    reserved = await payments.create_payment(draft("Authorization", TOTAL, OrderID=order.order_id))
    part, rest = Decimal("10.00"), TOTAL - Decimal("10.00")
    first = await payments.create_payment(draft("Capture", part, ParentPaymentID=reserved.payment_id))
    second = await payments.create_payment(draft("Capture", rest, ParentPaymentID=reserved.payment_id))
    back = await payments.create_payment(draft("Refund", Decimal("0.01"), ParentPaymentID=second.payment_id))
    found = {payment.payment_id: payment for payment in await payments.payments_of(order.order_id)}
    assert [*found] == [reserved.payment_id, first.payment_id, second.payment_id, back.payment_id]
    assert (found[reserved.payment_id].captured, found[reserved.payment_id].status) == (TOTAL, "Captured")
    assert (found[second.payment_id].refunded, found[second.payment_id].status) == (
        Decimal("0.01"),
        "PartiallyRefunded",
    )
    assert (back.kind, back.parent_id, back.order_id) == ("Refund", second.payment_id, order.order_id)


async def test_a_refund_through_a_payment_is_one_of_the_orders_refunds_with_its_reference(
    pos: PosSystem, payments: PosPayments, order: SeenOrder
) -> None:
    sale = await payments.create_payment(draft("Sale", TOTAL, OrderID=order.order_id))
    drafted = draft("Refund", Decimal("5.00"), ParentPaymentID=sale.payment_id, Reference="re_4711")
    await payments.create_payment(drafted)
    (refund,) = await pos.connector.refunds.refunds_of(order.order_id)
    assert refund == await pos.connector.refunds.find_refund(order.order_id, "re_4711")
    assert refund.amount == Decimal("5.00")


async def test_more_than_is_due_is_refused_with_what_to_do_and_nothing_is_recorded(
    pos: PosSystem, payments: PosPayments, order: SeenOrder
) -> None:
    await payments.create_payment(draft("Sale", Decimal("20.00"), OrderID=order.order_id))
    drafted = draft("Sale", Decimal("1.66"), OrderID=order.order_id)
    with pytest.raises(
        Rejected, match=rf"payment {drafted.external_id}, Sale of 1.66 USD, .*1\.65 is due.* compare them"
    ) as caught:
        await payments.create_payment(drafted)
    assert caught.value.code == "amount"
    assert await payments.find_payment(drafted.external_id) is None
    assert await balance_due(pos, order) == Decimal("1.65")


async def test_more_than_is_left_of_the_parent_is_refused(payments: PosPayments, order: SeenOrder) -> None:
    sale = await payments.create_payment(draft("Sale", TOTAL, OrderID=order.order_id))
    with pytest.raises(Rejected, match=r"Refund of 21\.66 USD.*only 21\.65 ") as caught:
        await payments.create_payment(draft("Refund", Decimal("21.66"), ParentPaymentID=sale.payment_id))
    assert caught.value.code == "amount"


async def test_an_unknown_order_or_parent_is_rejected_with_its_field(payments: PosPayments) -> None:
    with pytest.raises(Rejected, match="OrderID: unknown order"):
        await payments.create_payment(draft("Sale", TOTAL, OrderID="999999999"))
    with pytest.raises(Rejected, match="ParentPaymentID"):
        await payments.create_payment(draft("Capture", TOTAL, ParentPaymentID="999999999"))


async def test_heartland_makes_a_second_payment_of_the_same_external_id_and_finding_them_is_a_collision(
    payments: PosPayments, order: SeenOrder
) -> None:
    drafted = draft("Sale", Decimal("1.00"), OrderID=order.order_id)
    await payments.create_payment(drafted)
    await payments.create_payment(drafted)
    with pytest.raises(Rejected, match=f"pos has 2 payments called {drafted.external_id}") as caught:
        await payments.find_payment(drafted.external_id)
    assert caught.value.code == "collision"


async def test_another_external_id_is_not_found_by_its_beginning(payments: PosPayments, order: SeenOrder) -> None:
    created = await payments.create_payment(draft("Sale", TOTAL, OrderID=order.order_id))
    assert await payments.find_payment(created.external_id[:-1]) is None


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_payment_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, payments: PosPayments, order: SeenOrder, rule: Rule
) -> None:
    drafted = draft("Sale", TOTAL, OrderID=order.order_id)
    pos.faults.put(replace(rule, every=1, operation="create_payment"))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"pos: create_payment for payment {drafted.external_id}"):
            await hurried.payments.create_payment(drafted)
    assert await pos.faults.done("create_payment", 1) == [201]
    found = await payments.find_payment(drafted.external_id)
    assert found is not None
    assert found.amount == TOTAL
    assert await balance_due(pos, order) == NOTHING


async def test_a_payment_that_was_throttled_or_failed_is_not_there(
    pos: PosSystem, payments: PosPayments, order: SeenOrder
) -> None:
    drafted = draft("Sale", TOTAL, OrderID=order.order_id)
    for fault, error in ((Fault.THROTTLE, Throttled), (Fault.ERROR_BEFORE, OutcomeUnknown)):
        pos.faults.put(Rule(fault, every=1, operation="create_payment"))
        with pytest.raises(error):
            await payments.create_payment(drafted)
    assert pos.faults.mutations("create_payment") == []
    assert await payments.find_payment(drafted.external_id) is None


async def test_a_read_that_fails_never_looks_like_unpaid(
    pos: PosSystem, payments: PosPayments, order: SeenOrder
) -> None:
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="list_payments"))
    failed = await failures(payments.payments_of(order.order_id), payments.find_payment("x"))
    assert failed == ["Transient http_500"] * 2


async def test_changed_payments_are_listed_oldest_change_first(
    pos: PosSystem, payments: PosPayments, order: SeenOrder
) -> None:
    first = await payments.create_payment(draft("Authorization", TOTAL, OrderID=order.order_id))
    second = await payments.create_payment(draft("Authorization", TOTAL, OrderID=order.order_id))
    capture = await payments.create_payment(draft("Capture", TOTAL, ParentPaymentID=first.payment_id))
    listing = await pos.connector.payments.list_payments(second.updated_at, page_size=3)
    rows = [row["PaymentID"] for row in listing.rows]
    assert rows[0] == second.payment_id
    assert sorted(rows[1:]) == sorted([first.payment_id, capture.payment_id])
    assert (await pos.connector.payments.list_payments(second.updated_at + timedelta(days=1))).rows == ()
