"""What becomes of an order after its export, and what particular orders need, through both connectors: what each system
shows afterwards."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import orjson
import pytest

from tests.contract.deeds import exported, in_store, invoice, pos_order, web_order
from tests.contract.pipe import CHANNEL, Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


async def created_as(pipe: Pipe, order: str) -> str:
    """The web order's id in the point of sale."""
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    return found.order_id


# -- The lifecycle table -----------------------------------------------------------------------------------------


async def sent_to_a_person(pipe: Pipe, order: str, created: str) -> None:
    """The order's change is in review, named by both numbers, and the point of sale has it as it was."""
    before = await pos_order(pipe, created)
    await pipe.changed("web", "order", order)
    number = (await web_order(pipe, order))["increment_id"]
    error = pipe.failed.pop()
    assert (error.code, pipe.failed) == ("changed_after_export", [])
    assert f"order {number} " in error.message
    assert f"W-{number}" in error.message
    assert await pos_order(pipe, created) == before


@pytest.mark.rule("orders.hold")
@pytest.mark.rule("orders.anything_else_to_review")
async def test_a_hold_is_for_a_person_and_its_end_changes_nothing(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await pipe.web.connector.lifecycle.hold_web_order(order)
    await sent_to_a_person(pipe, order, created)
    await pipe.web.connector.lifecycle.unhold_web_order(order)
    assert delivered(await pipe.changed("web", "order", order)) == []
    assert pipe.failed == []
    assert (await pos_order(pipe, created))["Status"] == "Open"


@pytest.mark.rule("orders.cancel_rest")
@pytest.mark.rule("orders.changed_line_to_review")
async def test_the_rest_of_a_part_invoiced_order_that_is_cancelled_is_for_a_person(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=3)
    item = (await web_order(pipe, order))["items"][0]["item_id"]
    body = {"capture": False, "items": [{"order_item_id": item, "qty": 1}]}
    await pipe.web.client.post("invoice_order", order, f"/V1/order/{order}/invoice", body)
    await pipe.web.connector.lifecycle.cancel_web_order(order)
    assert (await web_order(pipe, order))["items"][0]["qty_canceled"] == 2
    await sent_to_a_person(pipe, order, created)


@pytest.mark.rule("orders.address_change")
async def test_a_changed_address_reaches_the_point_of_sale_although_it_moves_no_time(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    rewrite(pipe, order, "$.extension_attributes.shipping_assignments[0].shipping.address.street", '["9 Elm St"]')
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    document = await pos_order(pipe, created)
    assert (document["ShippingAddress"]["Line1"], document["Status"]) == ("9 Elm St", "Open")


def rewrite(pipe: Pipe, order: str, path: str, value: str) -> None:
    """What a person or Magento itself writes on an order where no route does that; the value is JSON."""
    statement = "UPDATE orders SET document = json_set(document, ?, json(?)) WHERE entity_id = ?"
    with sqlite3.connect(pipe.web.faults.database) as connection:
        connection.execute(statement, (path, value, int(order)))
    connection.close()


@pytest.mark.rule("orders.cancel")
async def test_a_cancel_of_goods_that_have_left_in_part_is_for_a_person(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    await set_aside(pipe, created, 1)
    assert len(await pipe.web.connector.shipments.shipments_of(order)) == 1
    await pipe.web.client.post("cancel", order, f"/V1/orders/{order}/cancel", {})
    await pipe.changed("web", "order", order)
    (error,) = pipe.failed
    assert error.code == "cancelled_after_parcel"
    assert (await pos_order(pipe, created))["Status"] == "Open"


# -- Edited orders -----------------------------------------------------------------------------------------------


def edit(pipe: Pipe, order: str, successor: str, number: str) -> None:
    """What saving an edited order in Magento's admin writes on the one that it places."""
    rewrite(pipe, successor, "$.relation_parent_id", f'"{order}"')
    rewrite(pipe, successor, "$.relation_parent_real_id", f'"{number}"')


@pytest.mark.rule("orders.edit")
async def test_an_edited_order_is_cancelled_in_the_point_of_sale_before_its_cancel_is_told(pipe: Pipe) -> None:
    first = await pipe.web.place_order(1)
    await pipe.changed("web", "order", first)
    original = await created_as(pipe, first)
    second = await pipe.web.place_order(2)
    edit(pipe, first, second, (await web_order(pipe, first))["increment_id"])
    await pipe.changed("web", "order", second)
    successor = await created_as(pipe, second)
    assert [(await pos_order(pipe, each))["Status"] for each in (original, successor)] == ["Cancelled", "Open"]
    await pipe.web.client.post("cancel", first, f"/V1/orders/{first}/cancel", {})
    for order in (first, second):
        await pipe.changed("web", "order", order)
    assert pipe.failed == []
    assert [(await pos_order(pipe, each))["Status"] for each in (original, successor)] == ["Cancelled", "Open"]


@pytest.mark.rule("orders.edit")
async def test_an_edited_order_of_which_a_parcel_has_left_is_for_a_person(pipe: Pipe) -> None:
    first, original = await exported(pipe, pieces=2)
    await set_aside(pipe, original, 1)
    second = await pipe.web.place_order(2)
    edit(pipe, first, second, (await web_order(pipe, first))["increment_id"])
    await pipe.changed("web", "order", second)
    assert [error.code for error in pipe.failed] == ["edited_after_handover"]
    assert (await pos_order(pipe, original))["Status"] == "Open"


# -- Products with custom options --------------------------------------------------------------------------------

ENGRAVED = '{"extension_attributes": {"custom_options": [{"option_id": "1", "option_value": "2"}]}}'


def engrave(pipe: Pipe, order: str) -> None:
    """What Magento writes on a row whose option has a SKU of its own; the sandbox's products have no options."""
    rewrite(pipe, order, "$.items[0].sku", f'"{pipe.web.sku}-engraved"')
    rewrite(pipe, order, "$.items[0].product_option", ENGRAVED)


@pytest.mark.rule("orders.custom_options")
@pytest.mark.parametrize("is_told_whole", [False, True])
async def test_a_product_with_custom_options_is_sold_and_given_back_under_its_own_sku(
    pipe: Pipe, is_told_whole: bool
) -> None:
    order = await pipe.web.place_order(2)
    engrave(pipe, order)
    as_written = orjson.loads(await pipe.web.client.get("read", order, f"/V1/orders/{order}"))
    assert as_written["items"][0]["sku"] == f"{pipe.web.sku}-engraved"
    if is_told_whole:
        await pipe.told_of("web", "order", order, as_written)
    else:
        await pipe.changed("web", "order", order)
    assert pipe.failed == []
    created = await created_as(pipe, order)
    assert [line["SKU"] for line in (await pos_order(pipe, created))["LineItems"]] == [pipe.pos.sku]
    seen = await pipe.web.connector.lifecycle.order_lines(order)
    assert seen is not None
    assert [line.sku for line in seen.lines] == [pipe.web.sku]
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    item = as_written["items"][0]["item_id"]
    refund = {
        "items": [{"order_item_id": item, "qty": 1}],
        "arguments": {"shipping_amount": 0, "extension_attributes": {"return_to_stock_items": [item]}},
    }
    memo = orjson.loads(await pipe.web.client.post("refund_offline", order, f"/V1/order/{order}/refund", refund))
    await pipe.changed("web", "credit_memo", str(memo))
    assert pipe.failed == []
    (entry,) = (await pos_order(pipe, created))["Refunds"]
    assert [line["SKU"] for line in entry["Lines"]] == [pipe.pos.sku]


# -- Orders that are collected in store --------------------------------------------------------------------------


async def to_collect(pipe: Pipe, pieces: int) -> tuple[str, str]:
    """An order that its customer collects at the second store, in both systems: its ids there."""
    order = await pipe.web.place_order(pieces, pickup="store2")
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    return order, await created_as(pipe, order)


async def set_aside(pipe: Pipe, created: str, *pieces: int) -> None:
    """Goods wait in store, told one after the other."""
    entries = list((await pos_order(pipe, created))["Shipments"])
    for number in pieces:
        lines = [{"SKU": pipe.pos.sku, "Quantity": number}]
        entries.append({"ShippedAt": "2026-11-28T12:00:00Z", "Lines": lines})
    await in_store(pipe, created, Shipments=entries)
    await pipe.changed("pos", "order", created)


@pytest.mark.rule("orders.pickup_shown")
@pytest.mark.rule("orders.pickup_location")
async def test_an_order_to_collect_is_shown_as_such_at_its_store(pipe: Pipe) -> None:
    _, created = await to_collect(pipe, 2)
    document = await pos_order(pipe, created)
    assert (document["LocationID"], document["Shipping"]["Method"]) == ("STORE2", "Pickup")


@pytest.mark.rule("orders.pickup_ready")
@pytest.mark.rule("orders.pickup_ready_once")
@pytest.mark.rule("orders.pickup_not_shipped_too")
async def test_an_order_that_waits_is_told_once_and_not_shipped_when_it_is_collected(pipe: Pipe) -> None:
    order, created = await to_collect(pipe, 2)
    mails = pipe.web.faults.mails()
    await set_aside(pipe, created, 2)
    await pipe.changed("pos", "order", created)
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert (shipment.source, list(shipment.units.values())) == ("store2", [D(2)])
    assert pipe.web.faults.mutations("notify_ready_for_pickup") == [200]
    assert pipe.web.faults.mutations("ship_order") == []
    assert pipe.web.faults.mails() == mails + 1


@pytest.mark.rule("orders.pickup_partial")
async def test_a_part_that_waits_is_for_a_person_and_the_rest_tells_the_customer(pipe: Pipe) -> None:
    order, created = await to_collect(pipe, 3)
    await set_aside(pipe, created, 1)
    (error,) = pipe.failed
    number = (await web_order(pipe, order))["increment_id"]
    assert error.code == "pickup_in_part"
    assert f"order {number} is to be collected at store2, and only a part of it waits there" in error.message
    assert await pipe.web.connector.shipments.shipments_of(order) == ()
    await set_aside(pipe, created, 2)
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert list(shipment.units.values()) == [D(3)]


@pytest.mark.rule("orders.pickup_partial")
async def test_a_part_that_waits_is_told_when_the_rest_was_refunded_as_the_message_says(pipe: Pipe) -> None:
    order, created = await to_collect(pipe, 3)
    await pipe.changed("web", "invoice", await invoice(pipe, order))
    await set_aside(pipe, created, 1)
    assert "refund it in Magento, then replay" in pipe.failed.pop().message
    item = (await web_order(pipe, order))["items"][0]["item_id"]
    arguments = {"shipping_amount": 0, "extension_attributes": {"return_to_stock_items": [item]}}
    refund = {"items": [{"order_item_id": item, "qty": 2}], "arguments": arguments}
    await pipe.web.client.post("refund_offline", order, f"/V1/order/{order}/refund", refund)
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert list(shipment.units.values()) == [D(1)]


ELSEWHERE = CHANNEL.model_copy(update={"sources": {"MAIN": "main"}})
"""The shop forgot to say which location the second store is, so that its orders go to the first."""


@pytest.mark.rule("orders.pickup_wrong_store")
async def test_goods_that_wait_at_another_store_are_for_a_person_and_nobody_is_told(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = Pipe(web, pos, channel=ELSEWHERE)
    order, created = await to_collect(pipe, 1)
    await set_aside(pipe, created, 1)
    (error,) = pipe.failed
    number = (await web_order(pipe, order))["increment_id"]
    assert error.code == "wrong_store"
    assert f"order {number} is to be collected at store2, but waits at MAIN" in error.message
    assert pipe.web.faults.mutations("notify_ready_for_pickup") == []


@pytest.mark.rule("orders.pickup_uncollected")
async def test_an_order_that_nobody_collects_is_for_a_person_until_the_web_store_has_let_it_go(pipe: Pipe) -> None:
    order, created = await to_collect(pipe, 1)
    await set_aside(pipe, created, 1)
    await in_store(pipe, created, Status="Cancelled")
    await pipe.changed("pos", "order", created)
    (error,) = pipe.failed
    number = (await web_order(pipe, order))["increment_id"]
    assert error.code == "uncollected"
    assert f"order {number} was not collected" in error.message
    await pipe.web.client.post("cancel", order, f"/V1/orders/{order}/cancel", {})
    told = await pipe.changed("pos", "order", created)
    assert len(pipe.failed) == 1
    assert f"order {number} shows {created} 'Cancelled'" in delivered(told)
