"""A sale in store becomes a ticket, beside what tells of web orders; and what shows it online becomes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.canonical import Ticket
from schemas.documents import Channel, Mode
from schemas.ids import Ref
from streams.channels import Channels
from streams.engine import Engine, load
from streams.normalize.normalizer import Normalized, Normalizer
from streams.ports import Outcome
from tests.streams.normalize.bench import KnownLinks, envelope_of, event, normalizer

SOLD = orjson.loads(Path("tests/data/flows/ticket/sold.json").read_bytes())["sample"]
TICKET_ORDER = {"increment_id": "POS-17", "ext_order_id": "pos:ticket:17"}
SECOND = Channel(name="second", web="web2", pos="pos", location="STORE9", sources={"STORE2": "two"})
MAIN = Channel(name="main", web="web", pos="pos", prefix="W-", location="MAIN", sources={"STORE2": "store2"})
LINKED = {Ref("pos", "order", "100017"): Ref("web", "order", "4")}
ENGINE = Engine(load(modes={"ticket": Mode.OBSERVE}))
SYSTEMS = {"web": "magento", "web2": "magento", "pos": "heartland"}


async def told(**changes: Any) -> Normalized:
    by = Normalizer(ENGINE, Channels([MAIN, SECOND]), KnownLinks(LINKED), {}, SYSTEMS)
    return await event(SOLD | changes, system="heartland", native_id="100017", by=by)


@pytest.mark.parametrize(
    ("location", "web", "channel"),
    [("MAIN", "web", "main"), ("STORE2", "web", "main"), ("STORE9", "web2", "second")],
)
async def test_a_ticket_belongs_to_itself_and_is_for_the_channel_that_sells_from_its_location(
    location: str, web: str, channel: str
) -> None:
    normalized = await told(LocationID=location)
    (out,) = normalized.outgoing
    envelope = envelope_of(out)
    assert (out.topic, out.key) == ("canonical.sale", b"pos:ticket:100017")
    assert (envelope.receipt_id, envelope.entity, envelope.target) == ("r1.ticket", "ticket", web)
    ticket = Ticket.model_validate_json(out.value)
    assert (ticket.ref, ticket.channel, ticket.location) == ("pos:ticket:100017", channel, location)


async def test_the_event_of_a_ticket_is_no_web_orders_and_says_so() -> None:
    normalized = await told()
    assert (normalized.outcome, normalized.flow) == (Outcome.FILTERED, "order_status")
    assert normalized.message == "an in-store sale: no web order belongs to it"


@pytest.mark.parametrize(
    "changes", [{"LocationID": "WAREHOUSE"}, {"Status": "Open"}, {"Status": "Cancelled"}, {"ExternalID": "W-4"}]
)
async def test_what_no_channel_sells_what_is_not_handed_over_and_web_orders_are_no_tickets(
    changes: dict[str, str],
) -> None:
    normalized = await told(**changes)
    assert [out for out in normalized.outgoing if envelope_of(out).entity == "ticket"] == []


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("order", TICKET_ORDER | {"entity_id": 4, "items": [{"sku": "A"}]}),
        ("invoice", {"entity_id": 4, "order_id": 4, "items": [], "order": TICKET_ORDER}),
        ("shipment", {"entity_id": 4, "order_id": 4, "items": [], "order": TICKET_ORDER}),
        ("credit_memo", {"entity_id": 4, "order_id": 4, "items": [], "order": TICKET_ORDER}),
    ],
)
async def test_the_order_that_shows_a_ticket_and_all_that_is_made_of_it_goes_no_further(
    entity: str, body: dict[str, Any]
) -> None:
    whole = {"store_id": 1, "base_grand_total": 5, "updated_at": "2026-11-24 10:00:00"} | body
    normalized = await event(whole, entity=entity, by=normalizer())
    assert normalized.outcome is Outcome.FILTERED
    assert [out.topic for out in normalized.outgoing if out.topic.startswith("canonical.")] == []
    assert "in store" in normalized.message or "sale of the point of sale" in normalized.message
