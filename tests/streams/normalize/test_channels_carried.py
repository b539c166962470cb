"""Whatever a store view or its point of sale tells of a sale carries the channel: instance, website and store view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.canonical import MODELS, GiftCardRedemption, Payment, Refund, Sale, Shipment
from schemas.ids import Ref
from streams.channels import Channels
from streams.normalize.normalizer import Normalized, Normalizer
from tests.streams.normalize.bench import SYSTEMS, KnownLinks, envelope_of, event
from tests.streams.normalize.test_several_flows import PARCEL, REFUND, pos_order
from tests.streams.sale.real_orders import CHANNEL, engine, order

DATA = Path(__file__).parents[2] / "data" / "flows"
OUTLET = CHANNEL.model_copy(update={"name": "outlet", "store_id": 4, "website_id": 2, "prefix": "O-"})
WEB_ORDER, POS_ORDER = Ref("web", "order", "4"), Ref("pos", "order", "17")
LINKS = {POS_ORDER: WEB_ORDER, WEB_ORDER: POS_ORDER}
VIEWS = {1: ("main", 1), 4: ("outlet", 2)}


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((DATA / f"{name}.json").read_bytes())["sample"]
    return found


TOLD = {
    "order": order("order_gift_card_paid"),
    "invoice": sample("payment/invoice"),
    "credit_memo": sample("refund_to_pos/restocking_fee"),
    "shipment": sample("shipment_to_pos/partial"),
}
CARRY = (Sale, Payment, Refund, Shipment, GiftCardRedemption)


def channels_of(normalized: Normalized) -> list[str]:
    """Of every canonical entity that has one."""
    found = []
    for out in normalized.outgoing:
        model = MODELS.get(envelope_of(out).entity)
        if out.topic.startswith("canonical.") and model in CARRY:
            found.append(model.model_validate_json(out.value).channel)
    return found


@pytest.fixture
def shop() -> Normalizer:
    """Two store views of one Magento, each a channel, and one Heartland."""
    return Normalizer(engine(), Channels([CHANNEL, OUTLET]), KnownLinks(LINKS), {}, SYSTEMS)


@pytest.mark.rule("channels.carried")
@pytest.mark.parametrize("store_id", VIEWS)
@pytest.mark.parametrize("entity", TOLD)
async def test_what_a_store_view_tells_carries_its_channel(shop: Normalizer, entity: str, store_id: int) -> None:
    normalized = await event(TOLD[entity] | {"store_id": store_id}, entity=entity, by=shop)
    name, website = VIEWS[store_id]
    assert set(channels_of(normalized)) == {name}
    channel = Channels([CHANNEL, OUTLET]).named(name)
    assert channel is not None
    assert (channel.web, channel.website_id, channel.store_id) == ("web", website, store_id)


@pytest.mark.rule("channels.carried")
@pytest.mark.parametrize(("number", "name"), [("W-000000004", "main"), ("O-000000004", "outlet")])
async def test_what_the_point_of_sale_tells_of_a_web_order_carries_the_orders_channel(
    shop: Normalizer, number: str, name: str
) -> None:
    body = pos_order(ExternalID=number, Shipments=[PARCEL], Refunds=[REFUND])
    normalized = await event(body, system="heartland", native_id="17", by=shop)
    assert channels_of(normalized) == [name, name]


@pytest.mark.rule("channels.carried")
@pytest.mark.parametrize("model", CARRY)
def test_no_part_of_a_sale_is_without_a_channel(model: type[Sale]) -> None:
    assert model.model_fields["channel"].is_required()
