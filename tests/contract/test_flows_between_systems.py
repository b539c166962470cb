"""The flows, from one system into the other, through the whole connectors: what the shop finds there afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown
from streams.ports import WebTrack
from tests.contract.deeds import exported, in_store, pos_order, web_order
from tests.contract.pipe import CHANNEL, Pipe, delivered
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


def parcel_of(pipe: Pipe, pieces: int, **more: object) -> dict[str, object]:
    """What a clerk enters when goods have left."""
    lines = [{"SKU": pipe.pos.sku, "Quantity": pieces}]
    return {"ShippedAt": "2026-11-28T12:00:00Z", "TrackingNumber": "1Z999", "Lines": lines, **more}


# -- Shipments ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("fulfilment.explicit_items")
@pytest.mark.rule("fulfilment.source_code")
async def test_a_parcel_from_a_store_is_shipped_from_its_source_with_its_number_once(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=3)
    parcel = parcel_of(pipe, 2, Carrier="UPS Ground")
    await in_store(pipe, created, Shipments=[parcel])
    for _ in range(2):
        await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert (shipment.source, list(shipment.units.values())) == ("main", [D(2)])
    assert [(track.carrier, track.number) for track in shipment.tracks] == [("ups", "1Z999")]


@pytest.mark.rule("fulfilment.track_later")
async def test_a_number_that_comes_after_the_goods_have_left_is_added_to_their_shipment(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.changed("pos", "order", created)
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert (list(shipment.units.values()), shipment.tracks) == ([D(2)], ())
    parcel = parcel_of(pipe, 2)
    await in_store(pipe, created, Shipments=[parcel])
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert [track.number for track in shipment.tracks] == ["1Z999"]


async def test_a_late_number_finds_the_goods_that_the_web_stores_list_does_not_show_yet(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    pipe.web.faults.put(Rule(Fault.LIST_LAG, every=1, path="*/shipments", seconds=20))
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.changed("pos", "order", created)
    parcel = parcel_of(pipe, 2)
    await in_store(pipe, created, Shipments=[parcel])
    await pipe.changed("pos", "order", created)
    assert pipe.failed == []
    pipe.web.faults.put()
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert [track.number for track in shipment.tracks] == ["1Z999"]


async def test_a_parcel_that_waited_for_a_person_is_still_shipped_when_the_rest_has_left(pipe: Pipe) -> None:
    order = await pipe.web.place_order(1, beside=["SKU-00003"])
    await pipe.changed("web", "order", order)
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    (short,) = [row for row in await pipe.web.stock.list_source_items({pipe.web.sku}) if row.source == "main"]
    await pipe.web.stock.write_source_items([replace(short, quantity=D(0))])
    parcel = parcel_of(pipe, 1)
    await in_store(pipe, found.order_id, Shipments=[parcel], Status="Fulfilled")
    await pipe.changed("pos", "order", found.order_id)
    assert [error.code for error in pipe.failed] == ["source_short"]
    await pipe.web.stock.write_source_items([short])
    await pipe.changed("pos", "order", found.order_id)
    assert len(pipe.failed) == 1
    shown = await pipe.web.connector.shipments.shipments_of(order)
    assert [[track.number for track in shipment.tracks] for shipment in shown] == [[], ["1Z999"]]
    assert [list(shipment.units.values()) for shipment in shown] == [[D(1)], [D(1)]]


VIRTUAL = "SKU-00001"


@pytest.mark.rule("fulfilment.virtual_never_waits")
async def test_a_virtual_line_is_handed_over_in_store_and_not_shipped_in_the_web_store(pipe: Pipe) -> None:
    order = await pipe.web.place_order(2, beside=[VIRTUAL])
    await pipe.changed("web", "order", order)
    found = await pipe.pos.orders.find_order(f"W-{(await web_order(pipe, order))['increment_id']}")
    assert found is not None
    await in_store(pipe, found.order_id, Status="Fulfilled")
    await pipe.changed("pos", "order", found.order_id)
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert list(shipment.units.values()) == [D(2)]


async def test_what_an_order_handed_over_is_not_shipped_again_when_its_older_telling_comes_late(pipe: Pipe) -> None:
    order, created = await exported(pipe, pieces=2)
    await in_store(pipe, created, Status="Fulfilled")
    older = await pos_order(pipe, created)
    parcel = parcel_of(pipe, 2)
    await in_store(pipe, created, Shipments=[parcel])
    await pipe.changed("pos", "order", created)
    await pipe.told_of("pos", "order", created, older)
    assert pipe.failed == []
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert [track.number for track in shipment.tracks] == ["1Z999"]


async def test_an_older_telling_is_outdated_even_while_nobody_knows_whether_the_newer_parcel_was_shipped(
    pipe: Pipe,
) -> None:
    order, created = await exported(pipe, pieces=2)
    await in_store(pipe, created, Status="Fulfilled")
    older = await pos_order(pipe, created)
    await in_store(pipe, created, Shipments=[parcel_of(pipe, 2)])
    pipe.web.faults.put(Rule(Fault.RESET_AFTER, every=1, operation="ship_order"))
    await pipe.changed("pos", "order", created)
    pipe.web.faults.put()
    assert [type(error) for error in pipe.failed] == [OutcomeUnknown]
    await pipe.told_of("pos", "order", created, older)
    await pipe.changed("pos", "order", created)
    assert len(pipe.failed) == 1
    (shipment,) = await pipe.web.connector.shipments.shipments_of(order)
    assert [track.number for track in shipment.tracks] == ["1Z999"]


async def packed_in_web(pipe: Pipe, order: str, pieces: int, *, numbers: Sequence[str] | None = None) -> str:
    """What a packer does in Magento's admin, or ShipStation for them."""
    item = next(row for row in (await web_order(pipe, order))["items"] if "parent_item_id" not in row)
    tracks = [f"1Z{pieces}"] if numbers is None else numbers
    body = {
        "items": [{"order_item_id": item["item_id"], "qty": pieces}],
        "tracks": [{"track_number": number, "title": "UPS", "carrier_code": "ups"} for number in tracks],
        "arguments": {"extension_attributes": {"source_code": "main"}},
    }
    return str(orjson.loads(await pipe.web.client.post("ship", order, f"/V1/order/{order}/ship", body)))


@pytest.mark.rule("fulfilment.magento_ships")
async def test_goods_packed_in_the_web_store_are_recorded_and_the_last_of_them_fulfil_the_order(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = Pipe(web, pos, channel=CHANNEL.model_copy(update={"fulfilment": {"MAIN": "magento"}}))
    order, created = await exported(pipe, pieces=3)
    for pieces, status in ((2, "Open"), (1, "Fulfilled")):
        shipment = await packed_in_web(pipe, order, pieces)
        for _ in range(2):
            await pipe.changed("web", "shipment", shipment)
        assert pipe.failed == []
        assert (await pos_order(pipe, created))["Status"] == status
    entries = await pipe.pos.connector.shipments.shipments_of(created)
    assert [(entry.tracking_number, list(entry.units.values())) for entry in entries] == [
        ("1Z2", [D(2)]),
        ("1Z1", [D(1)]),
    ]
    await pipe.changed("pos", "order", created)
    assert len(await pipe.web.connector.shipments.shipments_of(order)) == 2


@pytest.mark.rule("fulfilment.track_later")
async def test_every_number_that_the_web_store_gives_its_parcel_later_is_recorded_once(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = Pipe(web, pos, channel=CHANNEL.model_copy(update={"fulfilment": {"MAIN": "magento"}}))
    order, created = await exported(pipe, pieces=2)
    shipment = await packed_in_web(pipe, order, 2, numbers=())
    await pipe.changed("web", "shipment", shipment)
    for number in ("1Z8", "1Z9"):
        await pipe.web.connector.shipments.add_track(order, shipment, WebTrack("ups", "UPS", number))
        for _ in range(2):
            await pipe.changed("web", "shipment", shipment)
    assert pipe.failed == []
    entries = await pipe.pos.connector.shipments.shipments_of(created)
    assert [(entry.tracking_number, list(entry.units.values())) for entry in entries] == [
        ("", [D(2)]),
        ("1Z8", []),
        ("1Z9", []),
    ]
    await pipe.changed("pos", "order", created)
    assert len(await pipe.web.connector.shipments.shipments_of(order)) == 1


@pytest.mark.rule("fulfilment.complete_per_line")
async def test_an_order_that_the_web_store_calls_complete_is_fulfilled_only_when_its_last_line_has_left(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = Pipe(web, pos, channel=CHANNEL.model_copy(update={"fulfilment": {"MAIN": "magento"}}))
    order, created = await exported(pipe, pieces=3)
    first = await packed_in_web(pipe, order, 2)
    call_complete(pipe, order)
    await pipe.changed("web", "shipment", first)
    assert pipe.failed == []
    assert (await web_order(pipe, order))["state"] == "complete"
    assert (await pos_order(pipe, created))["Status"] == "Open"


def call_complete(pipe: Pipe, order: str) -> None:
    """What Magento does by itself once the first child of a separately shipped bundle has left."""
    statement = "UPDATE orders SET document = json_set(document, '$.state', 'complete') WHERE entity_id = ?"
    with sqlite3.connect(pipe.web.faults.database) as connection:
        connection.execute(statement, (int(order),))
    connection.close()


@pytest.mark.rule("fulfilment.source")
async def test_goods_of_a_store_that_packs_itself_are_not_recorded_by_a_shipment_of_the_web_store(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await pipe.changed("web", "shipment", await packed_in_web(pipe, order, 1))
    assert pipe.failed == []
    assert await pipe.pos.connector.shipments.shipments_of(created) == ()


# -- What becomes of an order ------------------------------------------------------------------------------------


@pytest.mark.rule("orders.cancel")
async def test_a_cancel_in_the_web_store_releases_the_goods_in_the_point_of_sale(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await pipe.web.client.post("cancel", order, f"/V1/orders/{order}/cancel", {})
    for _ in range(2):
        await pipe.changed("web", "order", order)
    assert pipe.failed == []
    assert (await pos_order(pipe, created))["Status"] == "Cancelled"


async def test_a_cancel_of_goods_that_have_left_is_for_a_person(pipe: Pipe) -> None:
    order, created = await exported(pipe)
    await in_store(pipe, created, Status="Fulfilled")
    await pipe.web.client.post("cancel", order, f"/V1/orders/{order}/cancel", {})
    await pipe.changed("web", "order", order)
    (error,) = pipe.failed
    assert created in error.message


# -- Products ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("products.owned_fields")
async def test_a_price_of_the_point_of_sale_follows_and_the_web_teams_name_stays(pipe: Pipe) -> None:
    sku = pipe.pos.sku
    before = await pipe.web.connector.products.product(sku)
    assert before is not None
    (old,) = await pipe.web.connector.prices.base_prices([sku])
    changes = {"Name": "Another name", "Price": float(old.amount + 1)}
    await pipe.pos.client.change("PUT", "till", sku, f"/v1/products/{sku}", changes)
    told = await pipe.changed("pos", "product", sku)
    assert pipe.failed == []
    assert delivered(told) == [f"changed '{sku}': set_base_prices"]
    (price,) = await pipe.web.connector.prices.base_prices([sku])
    assert price.amount == old.amount + 1
    after = await pipe.web.connector.products.product(sku)
    assert after is not None
    assert after.name == before.name
    assert delivered(await pipe.changed("pos", "product", sku)) == []
