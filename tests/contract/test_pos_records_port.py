"""The contracts of `streams.ports.PosShipments` and `streams.ports.PosRefunds`: what is recorded on an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected, Throttled
from streams.ports import ParcelDraft, PosRefunds, PosShipments, RefundDraft, SeenOrder
from streams.ports.refunds import MORE_THAN_TENDERED
from tests.contract.systems import LATE, PosSystem, failures

AT = datetime(2026, 11, 24, 9, 30, 0, 250_000, tzinfo=UTC)
NOBODY = "999999999"
PAID = Decimal("21.65")


@pytest.fixture
def shipments(pos: PosSystem) -> PosShipments:
    return pos.connector.shipments


@pytest.fixture
def refunds(pos: PosSystem) -> PosRefunds:
    return pos.connector.refunds


@pytest.fixture
async def order(pos: PosSystem) -> SeenOrder:
    """Two pieces, paid by card."""
    tenders = [{"Type": "Card", "Amount": PAID, "Reference": "ch_17"}]
    return await pos.orders.create_order(pos.draft(Tenders=tenders, BalanceDue=Decimal(0)))


def parcel(pos: PosSystem, marker: str, quantity: Decimal = Decimal(1), **fields: object) -> ParcelDraft:
    lines = [{"SKU": pos.sku, "Quantity": quantity}]
    document = {"ShippedAt": AT.isoformat(), "Carrier": "UPS", "TrackingNumber": marker, "Lines": lines}
    return ParcelDraft(marker, document | fields, {pos.sku: quantity})


def refund(marker: str, amount: Decimal, **fields: object) -> RefundDraft:
    document = {
        "RefundedAt": AT.isoformat(),
        "Amount": amount,
        "Reason": f"Web credit memo [{marker}]",
        "Tenders": [{"Type": "Card", "Amount": amount, "Reference": "re_17"}],
    }
    return RefundDraft(marker, document | fields, amount)


# -- Shipments ---------------------------------------------------------------------------------------------------


async def test_an_order_is_shipped_in_parts_each_found_by_its_marker(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder
) -> None:
    assert await shipments.shipments_of(order.order_id) == ()
    assert await shipments.find_shipment(order.order_id, "1Z-1") is None
    first = await shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))
    second = await shipments.append_shipment(order.order_id, parcel(pos, "1Z-12"))
    assert await shipments.shipments_of(order.order_id) == (first, second)
    assert await shipments.find_shipment(order.order_id, "1Z-1") == first
    assert await shipments.find_shipment(order.order_id, "1Z-12") == second
    assert first.shipment_id != second.shipment_id
    assert (first.carrier, first.tracking_number, first.shipped_at) == ("UPS", "1Z-1", AT)
    assert first.units == {pos.sku: Decimal(1)}


async def test_a_shipment_without_a_track_is_found_by_the_mark_beside_its_carrier(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder
) -> None:
    draft = parcel(pos, "web:shipment:7", Carrier="Courier [web:shipment:7]", TrackingNumber="")
    created = await shipments.append_shipment(order.order_id, draft)
    assert await shipments.find_shipment(order.order_id, "web:shipment:7") == created


async def test_a_shipment_that_is_recorded_is_not_recorded_again(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder
) -> None:
    draft = parcel(pos, "1Z-1")
    first = await shipments.append_shipment(order.order_id, draft)
    assert await shipments.append_shipment(order.order_id, draft) == first
    assert await shipments.shipments_of(order.order_id) == (first,)


async def test_a_shipment_that_could_not_be_found_again_is_not_recorded(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder
) -> None:
    with pytest.raises(Rejected, match="none of its texts carries '1Z-1'") as caught:
        await shipments.append_shipment(order.order_id, parcel(pos, "1Z-1", TrackingNumber="1Z-12"))
    assert caught.value.code == "no_marker"
    assert await shipments.shipments_of(order.order_id) == ()


async def test_more_than_was_ordered_is_not_shipped(pos: PosSystem, shipments: PosShipments, order: SeenOrder) -> None:
    first = await shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))
    with pytest.raises(Rejected, match=r"append_shipment for shipment 1Z-2 of order .*the order has 2"):
        await shipments.append_shipment(order.order_id, parcel(pos, "1Z-2", Decimal(2)))
    assert await shipments.shipments_of(order.order_id) == (first,)


async def test_a_cancelled_order_ships_nothing(pos: PosSystem, shipments: PosShipments, order: SeenOrder) -> None:
    await pos.orders.cancel_order(order.order_id)
    with pytest.raises(Rejected, match="Cancelled"):
        await shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))


async def test_an_order_that_is_not_there_has_no_records_to_read_or_add(
    pos: PosSystem, shipments: PosShipments, refunds: PosRefunds
) -> None:
    failed = await failures(
        shipments.shipments_of(NOBODY),
        shipments.find_shipment(NOBODY, "1Z-1"),
        shipments.append_shipment(NOBODY, parcel(pos, "1Z-1")),
        refunds.refunds_of(NOBODY),
        refunds.find_refund(NOBODY, "R-1"),
        refunds.append_refund(NOBODY, refund("R-1", PAID)),
    )
    assert failed == ["Rejected not_found"] * 6


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_shipment_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder, rule: Rule
) -> None:
    pos.faults.put(replace(rule, every=1, operation="update_order", limit=1))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match="pos: append_shipment for shipment 1Z-1 of order"):
            await hurried.shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))
    assert await pos.faults.done("update_order", 1) == [200]
    found = await shipments.find_shipment(order.order_id, "1Z-1")
    assert await shipments.shipments_of(order.order_id) == (found,)


async def test_a_shipment_that_is_done_late_after_another_was_added_is_refused_by_heartland(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder
) -> None:
    """Why there is no window: a list from before is no list of this order any more."""
    pos.faults.put(replace(LATE, every=1, operation="update_order", limit=1, ms=1_500))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown):
            await hurried.shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))
    again = await shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))
    assert sorted(await pos.faults.done("update_order", 2)) == [200, 400]
    assert await shipments.shipments_of(order.order_id) == (again,)


async def test_a_throttled_or_failed_shipment_is_not_recorded(
    pos: PosSystem, shipments: PosShipments, order: SeenOrder
) -> None:
    for fault, error in ((Fault.THROTTLE, Throttled), (Fault.ERROR_BEFORE, OutcomeUnknown)):
        pos.faults.put(Rule(fault, every=1, operation="update_order"))
        with pytest.raises(error):
            await shipments.append_shipment(order.order_id, parcel(pos, "1Z-1"))
    assert await shipments.shipments_of(order.order_id) == ()


# -- Refunds -----------------------------------------------------------------------------------------------------


async def test_refunds_follow_one_another_and_each_is_found_by_its_marker(
    refunds: PosRefunds, order: SeenOrder
) -> None:
    first = await refunds.append_refund(order.order_id, refund("W-CM-1", Decimal("5.00")))
    second = await refunds.append_refund(order.order_id, refund("W-CM-11", Decimal("16.65")))
    assert await refunds.refunds_of(order.order_id) == (first, second)
    assert await refunds.find_refund(order.order_id, "W-CM-1") == first
    assert await refunds.find_refund(order.order_id, "W-CM-11") == second
    assert await refunds.find_refund(order.order_id, "W-CM") is None
    assert (first.amount, first.reason, first.refunded_at) == (Decimal("5.00"), "Web credit memo [W-CM-1]", AT)
    assert (first.references, first.units, first.restocked) == (("re_17",), {}, {})


async def test_two_refunds_of_one_marker_are_a_collision(refunds: PosRefunds, order: SeenOrder) -> None:
    await refunds.append_refund(order.order_id, refund("W-CM-1", Decimal("5.00")))
    await refunds.append_refund(order.order_id, refund("W-CM-2", Decimal("6.00")))
    with pytest.raises(Rejected, match="has 2 refunds marked re_17") as caught:
        await refunds.find_refund(order.order_id, "re_17")
    assert caught.value.code == "collision"


async def test_a_refund_that_is_recorded_is_not_recorded_again(refunds: PosRefunds, order: SeenOrder) -> None:
    draft = refund("W-CM-1", Decimal("5.00"))
    first = await refunds.append_refund(order.order_id, draft)
    assert await refunds.append_refund(order.order_id, draft) == first
    assert await refunds.refunds_of(order.order_id) == (first,)


@pytest.mark.rule("money.web_refund_stock")
async def test_goods_that_came_back_are_told_apart_from_those_that_were_kept(
    pos: PosSystem, refunds: PosRefunds, order: SeenOrder
) -> None:
    lines = [
        {"SKU": pos.sku, "Quantity": Decimal(1), "Restocked": True},
        {"SKU": pos.sku, "Quantity": Decimal("0.5")},
    ]
    draft = refund("W-CM-1", Decimal("5.00"), Lines=lines)
    with pytest.raises(Rejected, match="Fulfilled") as caught:
        await refunds.append_refund(order.order_id, draft)
    assert caught.value.code != MORE_THAN_TENDERED
    await pos.orders.fulfil_order(order.order_id)
    recorded = await refunds.append_refund(order.order_id, draft)
    assert recorded.units == {pos.sku: Decimal("1.5")}
    assert recorded.restocked == {pos.sku: Decimal(1)}


async def test_more_money_than_was_tendered_does_not_go_back(refunds: PosRefunds, order: SeenOrder) -> None:
    first = await refunds.append_refund(order.order_id, refund("W-CM-1", Decimal("21.64")))
    with pytest.raises(Rejected, match=r"has 0\.01 left that can go back, the refund is over 0\.02") as caught:
        await refunds.append_refund(order.order_id, refund("W-CM-2", Decimal("0.02")))
    assert caught.value.code == MORE_THAN_TENDERED
    assert await refunds.refunds_of(order.order_id) == (first,)


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_refund_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, refunds: PosRefunds, order: SeenOrder, rule: Rule
) -> None:
    pos.faults.put(replace(rule, every=1, operation="update_order", limit=1))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match="pos: append_refund for refund W-CM-1 of order"):
            await hurried.refunds.append_refund(order.order_id, refund("W-CM-1", PAID))
    assert await pos.faults.done("update_order", 1) == [200]
    found = await refunds.find_refund(order.order_id, "W-CM-1")
    assert await refunds.refunds_of(order.order_id) == (found,)
