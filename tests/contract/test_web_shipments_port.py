"""The contract of `streams.ports.WebShipments`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import SourceItem, WebOrder, WebShipmentDraft, WebShipments, WebTrack
from tests.contract.systems import LATE, WebSystem

STOCKED = Decimal(50)


@pytest.fixture
def shipments(web: WebSystem) -> WebShipments:
    return web.connector.shipments


@pytest.fixture
async def order(web: WebSystem) -> WebOrder:
    await web.stock.write_source_items([SourceItem(web.sku, web.source, STOCKED)])
    return await placed(web, 3)


async def placed(web: WebSystem, pieces: int) -> WebOrder:
    order = await web.connector.lifecycle.order_lines(await web.place_order(pieces))
    assert order is not None
    return order


def draft(web: WebSystem, order: WebOrder, pieces: int = 1) -> WebShipmentDraft:
    mark = f"[tillstream contract {secrets.token_hex(4)}]"
    units = {order.lines[0].item_id: Decimal(pieces)}
    return WebShipmentDraft(order.order_id, units, web.source, mark, f"Shipped {mark}")


async def left(web: WebSystem, order: WebOrder) -> Decimal:
    shown = await web.connector.lifecycle.order_lines(order.order_id)
    assert shown is not None
    return shown.lines[0].left_to_ship


@pytest.mark.rule("fulfilment.explicit_items")
@pytest.mark.rule("fulfilment.source_code")
async def test_what_is_shipped_is_what_was_asked_for_from_that_source(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    asked = replace(draft(web, order, 2), tracks=(WebTrack("ups", "UPS", secrets.token_hex(6)),))
    made = await shipments.ship_order(asked)
    assert (made.units, made.source, made.tracks) == (asked.units, web.source, asked.tracks)
    assert await left(web, order) == 1
    held = {item.source: item.quantity for item in await web.stock.list_source_items([web.sku])}
    assert held[web.source] == STOCKED - 2


async def test_a_shipment_is_found_by_its_mark_and_by_its_parcels_number(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    number = secrets.token_hex(6)
    asked = replace(draft(web, order), tracks=(WebTrack("ups", "UPS", number),))
    assert await shipments.find_shipment(order.order_id, asked.marker) is None
    made = await shipments.ship_order(asked)
    for marker in (asked.marker, number):
        assert await shipments.find_shipment(order.order_id, marker) == made
    assert await shipments.find_track(made.shipment_id, number)
    assert await shipments.find_track(made.shipment_id, number[1:]) is None
    assert await shipments.shipments_of(order.order_id) == (made,)


async def test_magento_ships_as_often_as_it_is_asked_while_something_is_left(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    asked = draft(web, order)
    for _ in range(2):
        await shipments.ship_order(asked)
    with pytest.raises(Rejected, match="there are 2"):
        await shipments.find_shipment(order.order_id, asked.marker)


async def test_more_than_is_left_is_refused_and_nothing_is_shipped(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    await shipments.ship_order(draft(web, order, 2))
    with pytest.raises(Rejected, match="should be shipped and 1 are left"):
        await shipments.ship_order(draft(web, order, 2))
    assert await left(web, order) == 1


async def test_a_short_source_is_named_and_nothing_is_shipped(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    await web.stock.write_source_items([SourceItem(web.sku, web.source, Decimal(1))])
    with pytest.raises(Rejected, match=f"2 of SKU {web.sku} should leave source '{web.source}', which holds 1"):
        await shipments.ship_order(draft(web, order, 2))
    assert await left(web, order) == 3


async def test_an_order_that_is_not_there_is_rejected(web: WebSystem, shipments: WebShipments, order: WebOrder) -> None:
    with pytest.raises(Rejected, match="has no order 999999999"):
        await shipments.ship_order(replace(draft(web, order), order_id="999999999"))


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_shipment_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    web: WebSystem, shipments: WebShipments, order: WebOrder, rule: Rule
) -> None:
    asked = draft(web, order)
    web.faults.put(replace(rule, every=1, operation="ship_order", client="tillstream"))
    async with web.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"web: ship_order for order {order.number}"):
            await hurried.shipments.ship_order(asked)
    assert await web.faults.done("ship_order", 1) == [200]
    found = await shipments.find_shipment(order.order_id, asked.marker)
    assert found is not None
    assert found.units == asked.units


async def test_a_shipment_that_cannot_be_read_back_is_unknown_and_found(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    asked = draft(web, order)
    web.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="get_shipment"))
    with pytest.raises(OutcomeUnknown, match="could not be read back"):
        await shipments.ship_order(asked)
    web.faults.put()
    assert await shipments.find_shipment(order.order_id, asked.marker)


@pytest.mark.rule("fulfilment.track_later")
async def test_a_track_comes_later_and_is_found_by_its_number(
    web: WebSystem, shipments: WebShipments, order: WebOrder
) -> None:
    made, number = await shipments.ship_order(draft(web, order)), secrets.token_hex(6)
    assert await shipments.find_track(made.shipment_id, number) is None
    track_id = await shipments.add_track(order.order_id, made.shipment_id, WebTrack("fedex", "FedEx", number))
    assert await shipments.find_track(made.shipment_id, number) == track_id
