"""What becomes of each raw event: sales, statuses, hints, and what is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from schemas.canonical import OrderStatus, Sale, StockHint
from schemas.envelope import Via
from schemas.ids import MissingLink, Ref
from streams.channels import Channels
from streams.engine import Catalog, Engine
from streams.errors import DependencyMissing, Malformed, Rejected
from streams.normalize.normalizer import Normalized, Normalizer, Untold
from streams.ports import Outcome
from tests.streams.normalize.bench import (
    SYSTEMS,
    KnownEntities,
    KnownLinks,
    envelope_of,
    event,
    hints_of,
    normalizer,
    order_to,
)
from tests.streams.sale.real_orders import CHANNEL, engine, order, raw_order

D = Decimal


# -- Web orders -------------------------------------------------------------------------------------------------


async def test_a_web_order_becomes_a_sale_and_a_hint_per_sku() -> None:
    normalized = await event(raw_order("order_simple_configurable_virtual_new"))
    assert (normalized.outcome, normalized.flow, normalized.subject, normalized.aggregate, normalized.message) == (
        Outcome.PASSED,
        "order",
        "000000004",
        "web:order:4",
        "",
    )
    main, *children = normalized.outgoing
    assert (main.topic, main.key) == ("canonical.sale", b"web:order:4")
    assert Sale.model_validate_json(main.value).number == "000000004"
    envelope = envelope_of(main)
    assert (envelope.receipt_id, envelope.entity, envelope.subject, envelope.flow, envelope.received_ms) == (
        "r1",
        "order",
        "000000004",
        "order",
        1_000,
    )
    assert [(child.topic, child.key, envelope_of(child).receipt_id) for child in children] == [
        ("hint.stock", b"pos:S1", "r1.s0"),
        ("hint.stock", b"pos:C-Red", "r1.s1"),
        ("hint.stock", b"pos:V1", "r1.s2"),
    ]
    assert {(envelope_of(child).entity, envelope_of(child).flow, envelope_of(child).via) for child in children} == {
        ("stock_hint", "order", Via.STAGE)
    }
    hint = hints_of(normalized)["S1"]
    assert hint.units is not None
    assert (hint.units.order, hint.units.side, hint.units.location, hint.units.unshipped) == (
        "web:order:4",
        "web",
        "MAIN",
        D(2),
    )


@pytest.mark.rule("fulfilment.left_to_ship")
@pytest.mark.parametrize(
    ("name", "unshipped"),
    [
        ("order_complete", {"S1": 0, "C-Red": 0, "V1": 0}),
        ("order_refunded_closed", {"S1": 0, "C-Red": 0, "V1": 0}),
        ("order_canceled", {"S4": 0}),
        ("order_partial_invoice_then_cancel", {"S5": 1, "S4": 0}),
    ],
)
async def test_a_hint_tells_what_magento_has_left_to_ship(name: str, unshipped: dict[str, int]) -> None:
    hints = hints_of(await event(raw_order(name)))
    assert {sku: hint.units.unshipped for sku, hint in hints.items() if hint.units} == unshipped


@pytest.mark.rule("fulfilment.left_to_ship")
async def test_a_refund_of_unshipped_pieces_leaves_fewer_to_ship() -> None:
    document = order("order_discount_tax")
    document["items"][1] |= {"qty_shipped": 1, "qty_refunded": 2}
    hints = hints_of(await event(document))
    assert {sku: hint.units.unshipped for sku, hint in hints.items() if hint.units} == {"S2": 1, "S3": 1}


@pytest.mark.rule("fulfilment.left_to_ship")
async def test_a_cancelled_order_has_nothing_left_though_no_row_of_its_bundle_is_cancelled() -> None:
    hints = hints_of(await event(order("order_bundles") | {"state": "canceled"}))
    assert {sku: hint.units.unshipped for sku, hint in hints.items() if hint.units} == dict.fromkeys(hints, 0)
    assert hints.keys() == {"B1", "B2", "S1", "S2"}


async def test_hints_go_by_the_sku_of_the_point_of_sale() -> None:
    links = {Ref("web", "sku", "S2"): Ref("pos", "sku", "S3"), Ref("web", "sku", "S9"): Ref("pos", "sku", "X")}
    normalized = await event(raw_order("order_discount_tax"), by=normalizer(links))
    hints = hints_of(normalized)
    assert {sku: hint.units.unshipped for sku, hint in hints.items() if hint.units} == {"S3": 4}
    sale = Sale.model_validate_json(normalized.outgoing[0].value)
    assert [line.sku for line in sale.lines] == ["S2", "S3"]


async def test_an_order_that_is_not_exported_goes_on_and_says_why() -> None:
    normalized = await event(order("order_discount_tax", state="holded"))
    assert normalized.outcome is Outcome.PASSED
    assert normalized.message == "not exported: it is on hold in Magento (state holded); it goes on in state processing"
    assert not Sale.model_validate_json(normalized.outgoing[0].value).export.allowed


async def test_a_webhook_is_taken_out_of_its_envelope() -> None:
    body = {"event": "order.updated", "data": order("order_discount_tax")}
    assert (await event(body, native_id="1")).aggregate == "web:order:1"


@pytest.mark.parametrize("hint", [{"entity_id": 1}, {"event": "order.created", "data": {"entity_id": 1}}])
async def test_a_thin_event_is_read_again(hint: dict[str, Any]) -> None:
    reader = KnownEntities({("order", "1"): raw_order("order_discount_tax")})
    normalized = await event(hint, native_id="1", by=normalizer(readers={"web": reader}))
    assert (normalized.aggregate, normalized.subject) == ("web:order:1", "000000001")


async def test_the_id_of_the_body_serves_where_the_door_found_none() -> None:
    assert (await event(raw_order("order_discount_tax"), native_id="")).aggregate == "web:order:1"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"increment_id": "x", "grand_total": 1}, "carries no id: it needs 'entity_id'"),
        ({"entity_id": True}, "carries no id"),
        ({}, "carries no id"),
    ],
)
async def test_an_event_without_an_id_is_refused(body: object, problem: str) -> None:
    with pytest.raises(Rejected, match=problem):
        await event(body, native_id="")


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"{", r"of web about order .*raw.magento.order 3@17\) cannot be read: .*not JSON"),
        (b"[1]", "is JSON but not an object"),
    ],
)
async def test_what_cannot_be_read_is_malformed(value: bytes, problem: str) -> None:
    with pytest.raises(Malformed, match=problem):
        await event(value)


async def test_an_entity_without_a_flow_is_malformed() -> None:
    with pytest.raises(Malformed, match="no flow takes shopify events about 'order'"):
        await event({}, system="shopify")


async def test_a_thin_event_of_something_gone_is_refused() -> None:
    reader = KnownEntities({})
    with pytest.raises(Rejected, match="web announced order 999999901 but does not have it"):
        await event({"entity_id": 999999901}, native_id="999999901", by=normalizer(readers={"web": reader}))


async def test_a_thin_event_without_a_reader_is_refused() -> None:
    with pytest.raises(Rejected, match="no connection 'web' is configured to read it from"):
        await event({"entity_id": 1}, native_id="1")


@pytest.mark.rule("orders.custom_options")
async def test_an_order_with_custom_options_is_read_again_for_its_products_skus() -> None:
    told = order("order_discount_tax")
    options = {"product_option": {"extension_attributes": {"custom_options": [{"option_id": "1"}]}}}
    told["items"][0] |= options | {"sku": "S2-engraved"}
    read = {**told, "items": [told["items"][0] | {"sku": "S2", "line_sku": "S2-engraved"}, *told["items"][1:]]}
    by = normalizer(readers={"web": KnownEntities({("order", "4"): orjson.dumps(read)})})
    for body in (told, read):
        normalized = await event(body, by=by)
        assert Sale.model_validate_json(normalized.outgoing[0].value).lines[0].sku == "S2"


async def test_an_answer_that_is_still_thin_is_refused() -> None:
    reader = KnownEntities({("order", "1"): b'{"entity_id": 1, "items": []}'})
    with pytest.raises(Rejected, match="lacks increment_id, base_grand_total, updated_at"):
        await event({"entity_id": 1}, native_id="1", by=normalizer(readers={"web": reader}))


@pytest.mark.rule("channels.unmapped_to_review")
async def test_a_store_view_without_a_channel_is_refused_with_what_to_add() -> None:
    with pytest.raises(Rejected, match=r"order 000000001: store view 3 of web has no channel: add \[channels.NAME\]"):
        await event(order("order_discount_tax", store_id=3))
    with pytest.raises(Rejected, match=r"store view \(none\) of web"):
        await event(order("order_discount_tax", store_id=None))


@pytest.mark.rule("channels.currency")
@pytest.mark.rule("channels.currency_refused")
async def test_a_channel_in_another_currency_is_refused() -> None:
    with pytest.raises(Rejected, match="order 000000001 is in USD, but channel 'main' is in EUR"):
        await event(raw_order("order_discount_tax"), by=normalizer(currency="EUR"))


async def test_a_value_that_a_rule_refuses_names_the_order() -> None:
    told = Untold()
    with pytest.raises(Rejected, match=r"order 000000001 does not make a Sale: customer\.email"):
        await event(order("order_discount_tax", customer_email=7), told=told)
    assert (told.flow, told.subject) == ("order", "000000001")


async def test_a_failed_reading_is_told_with_its_step() -> None:
    told = Untold()
    with pytest.raises(Rejected):
        await event({"entity_id": 1}, native_id="1", told=told)
    assert (told.flow, told.step, told.subject) == ("order", "read", "1")


async def test_a_flow_without_hints_causes_none() -> None:
    flows = {
        name: flow.model_copy(
            update={"normalize": flow.normalize and flow.normalize.model_copy(update={"hints": None})}
        )
        for name, flow in engine().catalog.flows.items()
    }
    silent = Engine(Catalog.of(flows, engine().catalog.mappings))
    by = Normalizer(silent, Channels([CHANNEL]), KnownLinks(LINKED), {}, SYSTEMS)
    assert len((await event(raw_order("order_discount_tax"), by=by)).outgoing) == 1
    assert len((await event(pos_order(), system="heartland", native_id="17", by=by)).outgoing) == 1


# -- Point-of-sale orders ---------------------------------------------------------------------------------------

LINKED = {Ref("pos", "order", "17"): Ref("web", "order", "4")}


def pos_order(**changes: Any) -> dict[str, Any]:
    return {
        "OrderID": "17",
        "ExternalID": "W-000000004",
        "Status": "Open",
        "LocationID": "MAIN",
        "UpdatedAt": "2026-11-24T10:00:00Z",
        "LineItems": [{"SKU": "S1", "Quantity": 2, "Price": 10}, {"SKU": "C-Red", "Quantity": 1, "Price": 25}],
    } | changes


async def pos_event(body: dict[str, Any], links: Mapping[Ref, Ref] | None = None) -> Normalized:
    return await event(body, system="heartland", native_id="17", by=normalizer(links))


async def test_a_linked_pos_order_tells_its_status_to_the_sales_aggregate() -> None:
    normalized = await pos_event(pos_order(), LINKED)
    main = normalized.outgoing[0]
    assert (main.topic, main.key, normalized.aggregate) == ("canonical.sale", b"web:order:4", "web:order:4")
    status = OrderStatus.model_validate_json(main.value)
    assert (status.sale, status.sale_number, status.ref, status.number, status.status) == (
        "web:order:4",
        "000000004",
        "pos:order:17",
        "17",
        "Open",
    )
    envelope = envelope_of(main)
    assert (envelope.entity, envelope.flow, envelope.subject, envelope.native_id) == (
        "order_status",
        "order_status",
        "W-000000004",
        "17",
    )


@pytest.mark.parametrize(("status", "committed", "taken"), [("Open", 2, 0), ("Fulfilled", 0, 2), ("Cancelled", 0, 0)])
async def test_a_pos_order_tells_the_units_that_it_holds(status: str, committed: int, taken: int) -> None:
    hints = hints_of(await pos_event(pos_order(Status=status), LINKED))
    units = hints["S1"].units
    assert units is not None
    assert (units.side, units.order, units.location, units.committed, units.taken) == (
        "pos",
        "web:order:4",
        "MAIN",
        D(committed),
        D(taken),
    )


async def test_a_pos_order_that_is_not_linked_yet_waits_for_its_link() -> None:
    with pytest.raises(DependencyMissing, match=r"pos order 17 \(W-000000004\) is not linked") as caught:
        await pos_event(pos_order())
    assert caught.value.waits_for == MissingLink(Ref("pos", "order", "17"))


@pytest.mark.parametrize("external", [None, ""])
async def test_an_in_store_sale_is_filtered(external: str | None) -> None:
    normalized = await pos_event(pos_order(ExternalID=external))
    assert (normalized.outcome, normalized.outgoing) == (Outcome.FILTERED, ())
    assert normalized.message == "an in-store sale: no web order belongs to it"


async def test_an_order_of_another_integration_is_filtered() -> None:
    normalized = await pos_event(pos_order(ExternalID="AMZ-1"))
    assert normalized.outcome is Outcome.FILTERED
    assert normalized.message == "'AMZ-1' has the prefix of no channel of pos: it is not a web order"


@pytest.mark.rule("channels.number_prefix")
async def test_the_channel_with_the_longest_prefix_names_the_order() -> None:
    channels = Channels([CHANNEL, CHANNEL.model_copy(update={"name": "outlet", "prefix": "W-O-", "store_id": 2})])
    by = Normalizer(engine(), channels, KnownLinks(LINKED), {}, SYSTEMS)
    normalized = await event(pos_order(ExternalID="W-O-000000004"), system="heartland", native_id="17", by=by)
    assert OrderStatus.model_validate_json(normalized.outgoing[0].value).sale_number == "000000004"


async def test_a_pos_status_that_is_no_text_is_refused_by_name() -> None:
    with pytest.raises(Rejected, match="order W-000000004 does not make a OrderStatus: status"):
        await pos_event(pos_order(Status=7), LINKED)


# -- Stock ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("via", "cause"), [(Via.WEBHOOK, "webhook"), (Via.POLL, "poll")])
async def test_a_change_of_stock_becomes_a_hint_without_figures(via: Via, cause: str) -> None:
    body = {"SKU": "MUG", "LocationID": "MAIN", "OnHand": 3, "UpdatedAt": "2026-11-24T12:00:00.000001Z"}
    normalized = await event(body, system="heartland", entity="inventory", native_id="MUG", via=via)
    (main,) = normalized.outgoing
    assert (main.topic, main.key, normalized.aggregate) == ("hint.stock", b"pos:MUG", "pos:MUG")
    changed_at = datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)
    assert StockHint.model_validate_json(main.value) == StockHint(
        sku="MUG", cause=cause, location="MAIN", changed_at=changed_at
    )
    envelope = envelope_of(main)
    assert (envelope.receipt_id, envelope.entity, envelope.subject, envelope.flow) == (
        "r1",
        "stock_hint",
        "MUG",
        "stock",
    )


# -- Validation rules ------------------------------------------------------------------------------------------------


async def test_an_order_that_breaks_a_review_rule_waits_for_a_person() -> None:
    with pytest.raises(Rejected, match="it ships to the country 'XX', which there is not") as caught:
        await event(order_to("XX"))
    assert caught.value.code == "country"


async def test_a_person_who_has_seen_the_rule_lets_the_order_go_on() -> None:
    result = await event(order_to("XX"), approved="country")
    assert result.outcome is Outcome.PASSED
    assert "'XX'" in result.message
    with pytest.raises(Rejected, match="rule 'country'"):
        await event(order_to("XX"), approved="no_channel")


async def test_a_warning_is_told_and_the_order_goes_on() -> None:
    result = await event(order_to("US", customer_email=None))
    assert (result.outcome, result.message) == (Outcome.PASSED, "it has no e-mail, so it belongs to no customer")
