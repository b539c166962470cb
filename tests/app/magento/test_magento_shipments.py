"""Shipping: what is asked of Magento, and what its silences become."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.magento.goods import check_left, goods_of
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import WebOrder, WebOrderLine, WebShipmentDraft, WebTrack
from tests.app.magento.magento_answers import OPAQUE, magento, refusal, rows

MARK = "[tillstream pos:shipment:7]"
DRAFT = WebShipmentDraft("4", {"10": Decimal(1)}, "store2", MARK, f"Shipped {MARK}", (WebTrack("ups", "UPS", "1Z1"),))
ITEM = {"item_id": 10, "sku": "S1", "product_type": "simple", "qty_ordered": 2}
ORDER: dict[str, Any] = {
    "entity_id": 4,
    "increment_id": "000000004",
    "state": "processing",
    "status": "processing",
    "created_at": "2026-11-23 22:12:00",
    "updated_at": "2026-11-23 22:12:00",
    "base_grand_total": 20,
    "items": [ITEM],
}
SHIPMENT: dict[str, Any] = {
    "entity_id": 1,
    "increment_id": "000000001",
    "order_id": 4,
    "items": [{"order_item_id": 10, "qty": 1}],
    "tracks": [{"entity_id": 1, "track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}],
    "comments": [{"comment": f"Shipped {MARK}"}],
    "extension_attributes": {"source_code": "store2"},
}
ANSWERS: dict[str, Any] = {
    "GET /V1/orders/4": ORDER,
    "GET /V1/inventory/source-items": rows({"sku": "S1", "source_code": "store2", "quantity": 5, "status": 1}),
    "POST /V1/order/4/ship": "1",
    "GET /V1/shipment/1": SHIPMENT,
    "GET /V1/shipments": rows(SHIPMENT),
}
PICKUP = ORDER | {"extension_attributes": {"pickup_location_code": "store2"}}
COLLECTED = PICKUP | {"items": [ITEM | {"qty_shipped": 2}]}
READY = "POST /V1/order/notify-orders-are-ready-for-pickup"

ZERO = Decimal(0)


def line(**changes: Any) -> WebOrderLine:
    plain = WebOrderLine("10", "", "simple", "S1", False, Decimal(3), ZERO, ZERO, ZERO, ZERO)
    exact: dict[str, Any] = {name: Decimal(one) if isinstance(one, int) else one for name, one in changes.items()}
    return replace(plain, **exact)


def order(*lines: WebOrderLine) -> WebOrder:
    return WebOrder("4", "000000004", "processing", "processing", "checkmo", Decimal(0), Decimal(0), "", lines)


async def test_where_the_inventory_modules_are_removed_goods_leave_no_source_and_none_is_asked_for() -> None:
    known = {name: answer for name, answer in ANSWERS.items() if "inventory" not in name}
    there = {key: value for key, value in SHIPMENT.items() if key != "extension_attributes"}
    async with magento(known | {"GET /V1/shipment/1": there}, legacy=True) as (web, asked):
        made = await web.shipments.ship_order(DRAFT)
    ((_, body),) = asked.sent
    assert "arguments" not in body
    assert (made.shipment_id, made.source) == ("1", "")


@pytest.mark.rule("fulfilment.explicit_items")
@pytest.mark.rule("fulfilment.source_code")
async def test_a_shipment_says_its_rows_its_source_and_its_mark_and_is_read_back() -> None:
    async with magento(ANSWERS) as (web, asked):
        made = await web.shipments.ship_order(DRAFT)
    assert asked.sent == [
        (
            "POST /V1/order/4/ship",
            {
                "items": [{"order_item_id": 10, "qty": 1}],
                "notify": False,
                "appendComment": False,
                "comment": {"comment": f"Shipped {MARK}", "is_visible_on_front": 0},
                "tracks": [{"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}],
                "arguments": {"extension_attributes": {"source_code": "store2"}},
            },
        )
    ]
    assert (made.shipment_id, made.number, made.source, made.units) == ("1", "000000001", "store2", {"10": Decimal(1)})
    assert made.tracks == DRAFT.tracks


@pytest.mark.parametrize("changes", [{"units": {}}, {"source": ""}, {"comment": "no mark"}])
def test_a_shipment_that_leaves_something_to_magento_cannot_be_written_down(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the shipment of order 4"):
        replace(DRAFT, **changes)


@pytest.mark.parametrize("units", [{"10": Decimal(3)}, {"11": Decimal(1)}, {"10": Decimal(0)}, {"10": Decimal(-1)}])
async def test_more_than_is_left_is_refused_before_it_is_sent(units: dict[str, Decimal]) -> None:
    async with magento(ANSWERS) as (web, asked):
        with pytest.raises(Rejected, match=r"order 000000004: .* should be shipped and . are left") as caught:
            await web.shipments.ship_order(replace(DRAFT, units=units))
    assert (caught.value.code, asked.sent) == ("not_left", [])


async def test_a_shipment_that_came_out_smaller_is_told_with_both_figures() -> None:
    answers = ANSWERS | {"GET /V1/shipment/1": SHIPMENT | {"items": [{"order_item_id": 10, "qty": 1}]}}
    async with magento(answers) as (web, _):
        with pytest.raises(Rejected, match="asked for pieces by row 10: 2, made 10: 1") as caught:
            await web.shipments.ship_order(replace(DRAFT, units={"10": Decimal(2)}))
    assert caught.value.code == "cut"


@pytest.mark.parametrize("held", [[], [{"sku": "S1", "source_code": "store2", "quantity": 0.5, "status": 1}]])
async def test_a_short_source_is_named_before_magento_hides_it(held: list[object]) -> None:
    elsewhere = {"sku": "S1", "source_code": "main", "quantity": 99, "status": 1}
    counted = {
        "GET /V1/inventory/source-items": rows(elsewhere, *held),
        "GET /V1/stockItems/S1": {"manage_stock": True},
    }
    async with magento(ANSWERS | counted) as (web, asked):
        with pytest.raises(Rejected, match="1 of SKU S1 should leave source 'store2', which") as caught:
            await web.shipments.ship_order(DRAFT)
    assert (caught.value.code, asked.sent) == ("source_short", [])


@pytest.mark.parametrize("item", [{"manage_stock": False}, refusal("The product doesn't exist.", 404)])
async def test_goods_that_magento_does_not_count_are_never_short(item: object) -> None:
    uncounted = {"GET /V1/inventory/source-items": rows(), "GET /V1/stockItems/S1": item}
    async with magento(ANSWERS | uncounted) as (web, asked):
        await web.shipments.ship_order(DRAFT)
    assert len(asked.sent) == 1


@pytest.mark.parametrize(
    "problem",
    [
        {"POST /V1/order/4/ship": refusal(OPAQUE.format("a shipment"))},
        {"GET /V1/shipment/1": refusal("", 500)},
        {"POST /V1/order/4/ship": "all of it"},
    ],
)
async def test_what_proves_nothing_is_an_unknown_outcome(problem: dict[str, object]) -> None:
    async with magento(ANSWERS | problem) as (web, asked):
        with pytest.raises(OutcomeUnknown, match="web: ship_order for order 000000004"):
            await web.shipments.ship_order(DRAFT)
    assert len(asked.sent) == 1


@pytest.mark.parametrize("marker", [MARK, "1Z1"])
async def test_a_shipment_is_found_by_its_mark_or_a_parcels_number(marker: str) -> None:
    async with magento(ANSWERS) as (web, _):
        found = await web.shipments.find_shipment("4", marker)
        assert found is not None
        assert found.shipment_id == "1"
        assert await web.shipments.find_shipment("4", "1Z") is None


async def test_two_shipments_with_one_mark_are_for_a_person() -> None:
    twice = rows(SHIPMENT, SHIPMENT | {"entity_id": 2})
    async with magento({"GET /V1/shipments": twice}) as (web, _):
        with pytest.raises(Rejected, match="there are 2, 1, 2") as caught:
            await web.shipments.find_shipment("4", MARK)
    assert caught.value.code == "collision"


async def test_a_track_comes_later_and_is_found_by_its_number() -> None:
    answers = ANSWERS | {"POST /V1/shipment/track": {"entity_id": 3, "track_number": "1Z2"}}
    async with magento(answers) as (web, asked):
        assert await web.shipments.add_track("4", "1", WebTrack("fedex", "FedEx", "1Z2")) == "3"
        assert await web.shipments.find_track("1", "1Z1") == "1"
        assert await web.shipments.find_track("1", "1Z2") is None
    track = {"order_id": 4, "parent_id": 1, "track_number": "1Z2", "title": "FedEx", "carrier_code": "fedex"}
    assert asked.sent == [("POST /V1/shipment/track", {"entity": track})]


@pytest.mark.rule("orders.pickup_ready")
async def test_ready_is_told_of_a_pickup_order_and_what_was_shipped_is_its_answer() -> None:
    answers = {"GET /V1/orders/4": [PICKUP, COLLECTED], "GET /V1/shipments": [rows(), rows(SHIPMENT)]}
    async with magento(answers | {READY: {"successful": True, "errors": []}}) as (web, asked):
        assert (await web.shipments.ready_for_pickup("4")).shipment_id == "1"
    assert asked.sent == [(READY, {"orderIds": [4]})]


@pytest.mark.rule("orders.pickup_ready")
async def test_an_order_that_is_not_to_be_picked_up_is_never_told_ready() -> None:
    async with magento({"GET /V1/orders/4": ORDER}) as (web, asked):
        with pytest.raises(Rejected, match="order 000000004 is not to be picked up"):
            await web.shipments.ready_for_pickup("4")
        assert await web.shipments.find_ready("4") is None
    assert asked.sent == []


@pytest.mark.rule("orders.pickup_ready_once")
async def test_ready_is_told_once_because_the_route_mails_again() -> None:
    async with magento({"GET /V1/orders/4": COLLECTED, "GET /V1/shipments": rows(SHIPMENT)}) as (web, asked):
        assert (await web.shipments.ready_for_pickup("4")).shipment_id == "1"
        assert await web.shipments.find_ready("4") == "1"
    assert asked.sent == []


async def test_a_pickup_order_that_was_shipped_in_part_is_for_a_person() -> None:
    async with magento({"GET /V1/orders/4": PICKUP, "GET /V1/shipments": rows(SHIPMENT)}) as (web, asked):
        with pytest.raises(Rejected, match="was shipped in part, S1 is left"):
            await web.shipments.ready_for_pickup("4")
    assert asked.sent == []


async def test_a_store_without_the_goods_is_told_in_magentos_words() -> None:
    short = {"successful": False, "errors": ['{"id":25,"message":"The order is not ready for pickup"}']}
    answers = {"GET /V1/orders/4": PICKUP, "GET /V1/shipments": rows(), READY: short}
    async with magento(answers) as (web, _):
        with pytest.raises(Rejected, match=r"not made ready for pickup at store2: .*The order is not ready"):
            await web.shipments.ready_for_pickup("4")


pieces = st.integers(0, 20)


@pytest.mark.rule("fulfilment.left_to_ship")
@given(ordered=pieces, shipped=pieces, refunded=pieces, canceled=pieces)
def test_left_to_ship_is_ordered_less_the_greater_of_shipped_and_refunded_less_cancelled(
    ordered: int, shipped: int, refunded: int, canceled: int
) -> None:
    row = line(ordered=ordered, shipped=shipped, refunded=refunded, canceled=canceled)
    assert row.left_to_ship == max(0, ordered - max(shipped, refunded) - canceled)
    assert replace(row, virtual=True).left_to_ship == 0


@pytest.mark.parametrize(("shipped", "refunded", "left"), [(0, 1, 2), (1, 1, 2), (2, 1, 1), (3, 0, 0)])
def test_a_refund_lowers_what_is_left_only_where_nothing_was_shipped(shipped: int, refunded: int, left: int) -> None:
    check_left("web", order(line(shipped=shipped, refunded=refunded)), {"10": Decimal(left)} if left else {})
    with pytest.raises(Rejected):
        check_left("web", order(line(shipped=shipped, refunded=refunded)), {"10": Decimal(left + 1)})


def test_a_bundle_takes_its_components_off_the_source() -> None:
    bundle = line(product_type="bundle", sku="BUN-S1-S2", ordered=2)
    parts = [
        line(item_id="11", parent_id="10", sku="S1", ordered=2),
        line(item_id="12", parent_id="10", sku="S2", ordered=6),
    ]
    assert goods_of(order(bundle, *parts), {"10": Decimal(1)}) == {"S1": 1, "S2": 3}
    assert goods_of(order(bundle, *parts), {"12": Decimal(2)}) == {"S2": 2}


def test_a_configurable_takes_its_childs_sku_off_once() -> None:
    parent, child = line(product_type="configurable", sku="C-Red"), line(item_id="11", parent_id="10", sku="C-Red")
    assert goods_of(order(parent, child), {"10": Decimal(2)}) == {"C-Red": 2}
