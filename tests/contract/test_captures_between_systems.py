"""When the money of a web order is taken: as its payment method says, and never for goods that have not left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from schemas.documents import Channel
from streams.errors import OutcomeUnknown, Throttled
from tests.contract.deeds import exported, in_store, pos_order, web_order
from tests.contract.pipe import CHANNEL, Pipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal
RESERVED, TAKEN, CHECK = "sandbox_card_authorised", "sandbox_card", "checkmo"


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


async def packed(pipe: Pipe, created: str, pieces: int, number: str) -> None:
    """A store hands a parcel over; carried over twice."""
    parcel = {
        "ShippedAt": "2026-11-28T12:00:00Z",
        "TrackingNumber": number,
        "Lines": [{"SKU": pipe.pos.sku, "Quantity": pieces}],
    }
    before = (await pos_order(pipe, created))["Shipments"]
    await in_store(pipe, created, Shipments=[*before, parcel])
    for _ in range(2):
        await pipe.changed("pos", "order", created)


@pytest.mark.rule("money.authorised_capture")
@pytest.mark.rule("fulfilment.explicit_items")
async def test_reserved_money_is_taken_for_what_leaves_before_it_is_shipped_and_for_no_more(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=3, method=RESERVED)
    invoices, shipments = pipe.web.connector.invoices, pipe.web.connector.shipments
    pipe.web.faults.put(Rule(Fault.THROTTLE, every=1, operation="ship_order", limit=2))
    await packed(pipe, created, 2, "1Z2")
    assert {type(error) for error in pipe.failed} == {Throttled}
    (first,) = await invoices.invoices_of(order)
    assert (first.state, list(first.units.values()), bool(first.transaction)) == ("paid", [D(2)], True)
    assert await shipments.shipments_of(order) == ()
    pipe.failed.clear()
    await packed(pipe, created, 1, "1Z1")
    assert pipe.failed == []
    assert [list(one.units.values()) for one in await invoices.invoices_of(order)] == [[D(2)], [D(1)]]
    assert [list(one.units.values()) for one in await shipments.shipments_of(order)] == [[D(2)], [D(1)]]
    assert (await web_order(pipe, order))["state"] == "complete"


async def test_a_parcel_that_may_have_been_shipped_is_looked_up_and_its_money_is_not_sought_again(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=3, method=RESERVED)
    lost = Rule(Fault.RESET_AFTER, every=1, operation="ship_order", limit=1)
    pipe.web.faults.put(lost, Rule(Fault.LIST_LAG, every=1, path="*/shipments", seconds=60))
    await packed(pipe, created, 2, "1Z2")
    assert {type(error) for error in pipe.failed} == {OutcomeUnknown}
    pipe.web.faults.put()
    await pipe.changed("pos", "order", created)
    (first,) = await pipe.web.connector.invoices.invoices_of(order)
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert list(first.units.values()) == list(shipment.units.values()) == [D(2)]


@pytest.mark.rule("fulfilment.track_later")
async def test_a_number_that_a_captured_parcel_gets_later_is_added(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=3, method=RESERVED)
    await packed(pipe, created, 2, "")
    told = await pos_order(pipe, created)
    shown = {**told["Shipments"][0], "TrackingNumber": "1Z2"}
    await pipe.told_of("pos", "order", created, {**told, "UpdatedAt": "2030-01-01T00:00:00Z", "Shipments": [shown]})
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert [track.number for track in shipment.tracks] == ["1Z2"]


@pytest.mark.rule("money.failed_capture")
async def test_goods_whose_money_the_gateway_does_not_give_are_not_shipped(pipe: Pipe) -> None:
    order, created = await exported(pipe, method=RESERVED)
    await pipe.web.faults.switch(card_declines=True)
    await packed(pipe, created, 1, "1Z1")
    assert {error.code for error in pipe.failed} == {"capture_failed"}
    assert await pipe.web.connector.shipments.shipments_of(order) == ()


@pytest.mark.rule("money.capture_policy")
@pytest.mark.parametrize(
    ("method", "capture", "captured"),
    [
        (RESERVED, {}, True),
        (RESERVED, {RESERVED: "fulfilment"}, True),
        (RESERVED, {RESERVED: "never"}, False),
        (RESERVED, {CHECK: "never"}, True),
        (CHECK, {}, False),
        (CHECK, {CHECK: "fulfilment"}, True),
    ],
)
async def test_what_is_taken_when_goods_leave_is_said_for_each_payment_method(
    web: WebSystem, pos: PosSystem, method: str, capture: dict[str, str], captured: bool
) -> None:
    pipe = Pipe(web, pos, channel=Channel.model_validate({**CHANNEL.model_dump(), "capture": capture}))
    order, created = await exported(pipe, method=method)
    await packed(pipe, created, 1, "1Z1")
    assert pipe.failed == []
    assert len(await web.connector.invoices.invoices_of(order)) == captured
    assert len(await web.connector.shipments.shipments_of(order)) == 1


@pytest.mark.rule("money.capture_policy")
async def test_what_the_method_took_at_once_is_not_taken_again_when_the_goods_leave(pipe: Pipe) -> None:
    order, created = await exported(pipe, method=TAKEN)
    before = await pipe.web.connector.invoices.invoices_of(order)
    await packed(pipe, created, 1, "1Z1")
    assert pipe.failed == []
    assert len(before) == 1
    assert await pipe.web.connector.invoices.invoices_of(order) == before


@pytest.mark.rule("money.authorised_capture")
async def test_reserved_money_is_taken_for_all_that_is_collected_before_its_customer_is_told(pipe: Pipe) -> None:
    order = await pipe.web.place_order(2, RESERVED, pickup="store2")
    await pipe.changed("web", "order", order)
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    await pipe.web.faults.switch(card_declines=True)
    await packed(pipe, found.order_id, 2, "")
    assert {error.code for error in pipe.failed} == {"capture_failed"}
    assert pipe.web.faults.mutations("notify_ready_for_pickup") == []
    pipe.failed.clear()
    await pipe.web.faults.switch(card_declines=False)
    await in_store(pipe, found.order_id, Status="Fulfilled")
    for _ in range(2):
        await pipe.changed("pos", "order", found.order_id)
    assert pipe.failed == []
    (invoice,) = await pipe.web.connector.invoices.invoices_of(order)
    assert (invoice.state, list(invoice.units.values()), bool(invoice.transaction)) == ("paid", [D(2)], True)
    assert pipe.web.faults.mutations("notify_ready_for_pickup") == [200]
