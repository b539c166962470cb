"""One event for several flows: each makes its own entities, and every one of them is accounted by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.documents import Mode
from schemas.ids import Ref
from streams.channels import Channels
from streams.engine import Engine, load
from streams.normalize.normalizer import Normalized, Normalizer
from streams.ports import Outcome
from tests.streams.normalize.bench import SYSTEMS, KnownLinks, envelope_of, event, normalizer
from tests.streams.sale.real_orders import CHANNEL

LINKED = {Ref("pos", "order", "17"): Ref("web", "order", "4"), Ref("web", "order", "4"): Ref("pos", "order", "17")}
PARCEL = {"ShipmentID": "1", "ShippedAt": "2026-11-24T09:00:00Z", "Lines": [{"SKU": "A1", "Quantity": 1}]}
REFUND = {
    "RefundID": "1",
    "RefundedAt": "2026-11-25T10:00:00Z",
    "Amount": 10.0,
    "Reason": "Too small",
    "Tenders": [{"Type": "Cash", "Amount": 10.0}],
    "Lines": [{"SKU": "A1", "Quantity": 1}],
}


def pos_order(**changes: Any) -> dict[str, Any]:
    order = {
        "OrderID": "17",
        "ExternalID": "W-000000004",
        "Status": "Open",
        "LocationID": "MAIN",
        "Currency": "USD",
        "UpdatedAt": "2026-11-24T10:00:00Z",
        "LineItems": [{"SKU": "A1", "Quantity": 3, "Price": 10.0, "Discount": 0, "Tax": 0}],
        "Shipments": [],
        "Refunds": [],
    }
    return order | changes


async def made(**changes: Any) -> list[tuple[str, str, str]]:
    """Receipt, entity and target of every canonical event that an order of the point of sale becomes."""
    by = normalizer(LINKED, prefix="W-")
    normalized = await event(pos_order(**changes), system="heartland", entity="order", native_id="17", by=by)
    envelopes = [envelope_of(out) for out in normalized.outgoing if out.topic == "canonical.sale"]
    assert {out.key for out in normalized.outgoing if out.topic == "canonical.sale"} == {b"web:order:4"}
    return [(envelope.receipt_id, envelope.entity, envelope.target) for envelope in envelopes]


async def test_the_status_keeps_the_receipt_and_goods_leave_before_they_come_back() -> None:
    second = PARCEL | {"ShipmentID": "2"}
    assert await made(Shipments=[PARCEL, second], Refunds=[REFUND]) == [
        ("r1", "order_status", "web"),
        ("r1.shipment0", "shipment", "web"),
        ("r1.shipment1", "shipment", "web"),
        ("r1.refund_to_web0", "refund", "web"),
    ]


async def test_what_carries_our_mark_is_our_own_write_and_goes_no_further() -> None:
    parcel = PARCEL | {"Carrier": "UPS [tillstream web:shipment:3]"}
    refund = REFUND | {"Reason": "Credit memo 7 [tillstream web:credit_memo:7]"}
    assert await made(Shipments=[parcel], Refunds=[refund]) == [("r1", "order_status", "web")]


@pytest.mark.parametrize(("shipped", "rest"), [(0, 3), (1, 2), (3, 0)])
async def test_what_a_fulfilled_order_handed_over_beside_its_parcels_is_a_shipment_too(shipped: int, rest: int) -> None:
    parcels = [PARCEL | {"Lines": [{"SKU": "A1", "Quantity": shipped}]}] if shipped else []
    told = await made(Status="Fulfilled", Shipments=parcels)
    assert len([entity for _, entity, _ in told if entity == "shipment"]) == len(parcels) + bool(rest)


async def test_an_in_store_sale_is_filtered_by_every_flow_about_web_orders() -> None:
    order = pos_order(ExternalID=None, Shipments=[PARCEL])
    normalized = await event(order, system="heartland", entity="order", native_id="17")
    assert (normalized.outcome, normalized.outgoing) == (Outcome.FILTERED, ())


async def test_a_credit_memo_that_we_made_is_filtered_with_the_reason() -> None:
    memo = {
        "entity_id": 9,
        "increment_id": "000000009",
        "order_id": 4,
        "store_id": 1,
        "items": [],
        "base_grand_total": 1,
        "updated_at": "2026-11-24 10:00:00",
        "order": {"increment_id": "000000004"},
        "comments": [{"comment": "Given back in store. [tillstream pos:refund:17/1]"}],
    }
    normalized = await event(memo, entity="credit_memo", native_id="9")
    assert (normalized.outcome, normalized.outgoing) == (Outcome.FILTERED, ())
    assert normalized.message == "it was made for a refund of the point of sale, or is of a sale in store"


SHIPMENT = orjson.loads(Path("tests/data/flows/shipment_to_pos/partial.json").read_bytes())["sample"]
OURS = {"comments": [{"comment": "Shipped from MAIN [tillstream pos:shipment:17/rest]"}]}


async def shipped(order_at: str, **changes: Any) -> Normalized:
    """A shipment of an order that changed then, as Magento tells it; the shipment was made at 22:12:40."""
    body = SHIPMENT | {"order": SHIPMENT["order"] | {"updated_at": f"2026-11-23 {order_at}"}} | changes
    return await event(body, system="magento", entity="shipment", native_id="1", by=normalizer({}))


@pytest.mark.parametrize(("changes", "ends"), [({}, Outcome.PASSED), (OURS, Outcome.FILTERED)])
@pytest.mark.parametrize("order_at", ["22:12:39", "22:12:40"])
async def test_an_order_that_its_shipment_need_not_have_moved_is_read_again(
    order_at: str, changes: dict[str, Any], ends: Outcome
) -> None:
    """In the shipment's own second the invoice before it may have moved the order."""
    normalized = await shipped(order_at, **changes)
    assert normalized.outcome is ends
    (again,) = [out for out in normalized.outgoing if out.topic == "raw.magento.order"]
    assert (again.key, again.value) == (b"web:4", b'{"entity_id":"4"}')
    assert envelope_of(again).receipt_id == "r1.r"


async def test_an_order_that_moved_after_its_shipment_is_told_by_itself() -> None:
    normalized = await shipped("22:12:41")
    assert [out.topic for out in normalized.outgoing] == ["canonical.sale"]


INVOICE = orjson.loads(Path("tests/data/flows/payment/invoice.json").read_bytes())["sample"]


@pytest.mark.parametrize(("charged", "ends"), [(0, Outcome.FILTERED), (0.01, Outcome.PASSED)])
async def test_an_invoice_that_gift_cards_paid_for_is_no_payment(charged: float, ends: Outcome) -> None:
    body = INVOICE | {"base_grand_total": charged}
    normalized = await event(body, system="magento", entity="invoice", native_id="3", by=normalizer({}))
    assert normalized.outcome is ends


def switched_off(*flows: str) -> Normalizer:
    """A normalizer that is told that those flows are off."""
    engine = Engine(load(modes=dict.fromkeys(flows, Mode.OFF)))
    channels = Channels([CHANNEL.model_copy(update={"prefix": "W-"})])
    return Normalizer(engine, channels, KnownLinks(LINKED), {}, SYSTEMS)


async def test_what_only_flows_take_that_are_off_is_neither_read_nor_malformed() -> None:
    by = switched_off("order", "gift_card_redemption")
    normalized = await event({"hint": 4}, by=by)
    assert (normalized.outcome, normalized.outgoing) == (Outcome.FILTERED, ())
    assert normalized.message == f"the flow '{normalized.flow}' is off"


async def test_the_parts_of_an_entity_are_told_while_the_flow_about_the_whole_is_off() -> None:
    order = pos_order(ExternalID="W-000000004", Shipments=[PARCEL])
    normalized = await event(order, system="heartland", native_id="17", by=switched_off("order_status"))
    assert (normalized.outcome, normalized.message) == (Outcome.FILTERED, "the flow 'order_status' is off")
    envelopes = [envelope_of(out) for out in normalized.outgoing]
    assert [(one.receipt_id, one.entity) for one in envelopes] == [("r1.shipment0", "shipment")]
