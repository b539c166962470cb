"""Tracks and comments that come later, and orders that are fetched from a location."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.sandbox.magento.shipping_methods import location_address
from tests.app.sandbox.magento.storefront import ADDRESS, Storefront, Watch

READY = "/order/notify-orders-are-ready-for-pickup"
NOT_SAVED = (400, {"message": "The shipment tracking couldn't be saved."})
UPS = {"track_number": "1Z2", "title": "UPS", "carrier_code": "ups"}


async def shipped(shop: Storefront) -> tuple[int, int]:
    """A shipped order's id and its shipment's."""
    order_id = await shop.place(("S1", 1))
    status, shipment_id = await shop.ship(order_id)
    assert status == 200
    return order_id, int(shipment_id)


async def fetch_at(shop: Storefront, code: str, **address: object) -> int | tuple[int, Any]:
    """Order one S4 to be fetched from a location; the refusal if it is one."""
    cart = await shop.fill_cart(("S4", 1))
    there = location_address(code) | {"extension_attributes": {"pickup_location_code": code}} | address
    information = {
        "shipping_address": there,
        "billing_address": ADDRESS,
        "shipping_carrier_code": "instore",
        "shipping_method_code": "pickup",
    }
    await shop.do("POST", f"/guest-carts/{cart}/shipping-information", {"addressInformation": information})
    answer = await shop.call("PUT", f"/guest-carts/{cart}/order", {"paymentMethod": {"method": "checkmo"}})
    return int(answer[1]) if answer[0] == 200 else answer


async def test_the_same_track_twice_is_two_tracks(shop: Storefront) -> None:
    order_id, shipment_id = await shipped(shop)
    entity = {"order_id": order_id, "parent_id": shipment_id, **UPS}
    made = [await shop.do("POST", "/shipment/track", {"entity": entity}) for _ in range(2)]
    assert (await shop.get(f"/shipment/{shipment_id}"))["tracks"] == made
    assert made[0]["entity_id"] != made[1]["entity_id"]


@pytest.mark.parametrize("change", [{"track_number": ""}, {"track_number": None}, {"parent_id": 99}, {"order_id": 99}])
async def test_a_track_needs_a_number_and_its_shipment(shop: Storefront, change: dict[str, object]) -> None:
    order_id, shipment_id = await shipped(shop)
    entity = {"order_id": order_id, "parent_id": shipment_id, **UPS} | change
    assert await shop.call("POST", "/shipment/track", {"entity": entity}) == NOT_SAVED
    assert (await shop.get(f"/shipment/{shipment_id}"))["tracks"] == []


async def test_neither_a_track_nor_a_comment_moves_updated_at(timed: Storefront, watch: Watch) -> None:
    order_id, shipment_id = await shipped(timed)
    moment = (await timed.order(order_id))["updated_at"]
    watch.tick()
    entity = {"order_id": order_id, "parent_id": shipment_id, **UPS}
    await timed.do("POST", "/shipment/track", {"entity": entity})
    comment = {"comment": "c", "parent_id": shipment_id, "is_customer_notified": 0, "is_visible_on_front": 0}
    await timed.do("POST", f"/shipment/{shipment_id}/comments", {"entity": comment})
    assert (await timed.order(order_id))["updated_at"] == moment
    assert (await timed.get(f"/shipment/{shipment_id}"))["updated_at"] == moment


@pytest.mark.parametrize(
    ("single", "add", "comments", "texts"),
    [
        ("/shipment/1", "/shipment/1/comments", "/shipment/1/comments", ["a", "b"]),
        ("/invoices/1", "/invoices/comments", "/invoices/1/comments", ["a", "b"]),
        ("/creditmemo/1", "/creditmemo/1/comments", "/creditmemo/1/comments", ["b", "a"]),
    ],
)
async def test_documents_take_comments(
    shop: Storefront, single: str, add: str, comments: str, texts: list[str]
) -> None:
    order_id, _ = await shipped(shop)
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    await shop.do("POST", f"/order/{order_id}/refund", {})
    for text in ("a", "b"):
        entity = {"comment": text, "parent_id": 1, "is_customer_notified": 0, "is_visible_on_front": 0}
        await shop.do("POST", add, {"entity": entity})
    found = await shop.get(comments)
    assert ([row["comment"] for row in found["items"]], found["total_count"]) == (texts, 2)
    assert (await shop.get(single))["comments"] == found["items"]


@pytest.mark.parametrize("change", [{"comment": ""}, {"parent_id": None}, {"parent_id": 99}])
async def test_a_comment_needs_a_text_and_names_its_document_in_the_body(
    shop: Storefront, change: dict[str, object]
) -> None:
    _, shipment_id = await shipped(shop)
    entity = {"comment": "c", "parent_id": shipment_id} | change
    refused = await shop.call("POST", f"/shipment/{shipment_id}/comments", {"entity": entity})
    assert refused == (400, {"message": "Could not save the shipment comment."})


async def test_an_order_can_be_fetched_from_a_location(shop: Storefront) -> None:
    order = await shop.order(int(str(await fetch_at(shop, "store2"))))
    extension = order["extension_attributes"]
    assert extension["pickup_location_code"] == "store2"
    assert extension["shipping_assignments"][0]["shipping"]["method"] == "instore_pickup"
    assert (order["shipping_amount"], order["grand_total"]) == (0, 43.3)
    assert order["shipping_description"] == "In-Store Pickup Delivery - Store2"


@pytest.mark.parametrize(
    "change", [{"city": "Waco"}, {"region": "TX"}, {"extension_attributes": {"pickup_location_code": "nowhere"}}, {}]
)
async def test_a_pickup_order_names_exactly_its_locations_address(shop: Storefront, change: dict[str, object]) -> None:
    code = "store2" if change else "default"
    refused = (400, {"message": "Quote does not have Pickup Location assigned."})
    assert await fetch_at(shop, code, **change) == refused


async def test_ready_for_pickup_ships_everything_from_the_location(timed: Storefront, watch: Watch) -> None:
    await timed.put_stock("S4", 5, "store2")
    order_id = await fetch_at(timed, "store2")
    watch.tick()
    assert await timed.do("POST", READY, {"orderIds": [order_id]}) == {"successful": True, "errors": []}
    order = await timed.order(int(str(order_id)))
    assert (order["state"], order["status"]) == ("processing", "complete")
    assert order["updated_at"] > order["created_at"]
    assert await timed.on_hand("S4", "store2") == 4
    shipment = await timed.get("/shipment/1")
    assert (shipment["extension_attributes"], shipment["total_qty"]) == ({"source_code": "store2"}, 1)


async def test_ready_again_ships_nothing_and_mails_again(shop: Storefront) -> None:
    await shop.put_stock("S4", 5, "store2")
    order_id = await fetch_at(shop, "store2")
    for _ in range(2):
        assert (await shop.do("POST", READY, {"orderIds": [order_id]}))["successful"] is True
    assert (await shop.find("/shipments"))["total_count"] == 1
    assert shop.mails("ready_for_pickup") == ["guest@example.com"] * 2


async def test_a_location_that_is_short_is_not_ready(shop: Storefront) -> None:
    await shop.put_stock("S4", 0, "store2")
    order_id = await fetch_at(shop, "store2")
    answer = await shop.do("POST", READY, {"orderIds": [order_id]})
    error = {"id": order_id, "message": "The order is not ready for pickup"}
    assert (answer["successful"], [orjson.loads(text) for text in answer["errors"]]) == (False, [error])
    assert (await shop.find("/shipments"))["total_count"] == 0
    assert shop.mails("ready_for_pickup") == []


async def test_ready_for_pickup_ships_an_ordinary_order_as_well(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    assert (await shop.do("POST", READY, {"orderIds": [order_id]}))["successful"] is False
    await shop.put_stock("S1", 5, "default")
    assert (await shop.do("POST", READY, {"orderIds": [order_id]}))["successful"] is True
    assert (await shop.get("/shipment/1"))["extension_attributes"] == {"source_code": "default"}


async def test_one_order_that_is_not_there_spoils_the_answer_and_not_the_others(shop: Storefront) -> None:
    await shop.put_stock("S4", 5, "store2")
    order_id = await fetch_at(shop, "store2")
    answer = await shop.do("POST", READY, {"orderIds": [99, order_id]})
    assert (answer["successful"], orjson.loads(answer["errors"][0])["id"]) == (False, 99)
    assert (await shop.find("/shipments"))["total_count"] == 1
