"""Which entities are read from Heartland, where, and byte for byte."""

from __future__ import annotations

import pytest
from aiohttp import web

from app import exact_json
from app.heartland.reader import RESOURCES, HeartlandReader
from streams.errors import Rejected
from streams.topics import RAW_ENTITIES
from tests.app.heartland.heartland_contract import check_request
from tests.app.heartland.heartland_stub import order, refusal, stubbed

CALLS = [
    ("order", "17", "/v1/orders/17", "get_order"),
    ("payment", "500001", "/v1/payments/500001", "get_payment"),
    ("customer", "Web guest", "/v1/customers/Web%20guest", "get_customer"),
    ("product", "A/B 100%", "/v1/products/A%2FB%20100%25", "get_product"),
    ("gift_card", "700001", "/v1/gift-cards/700001", "get_gift_card"),
]


@pytest.mark.parametrize(("entity", "native_id", "path", "operation"), CALLS)
async def test_an_entity_is_read_by_its_id(entity: str, native_id: str, path: str, operation: str) -> None:
    async with stubbed(web.json_response({})) as stub:
        await HeartlandReader(stub.client).read(entity, native_id)
    assert stub.calls[0].raw_path == path
    assert check_request(stub.calls[0]) == operation


async def test_an_entity_is_read_byte_for_byte_and_a_missing_one_is_none() -> None:
    content = exact_json.dumps(order())
    answers = [web.Response(body=content, content_type="application/json"), refusal(404, "not_found")]
    async with stubbed(*answers) as stub:
        reader = HeartlandReader(stub.client)
        assert await reader.read("order", "17") == content
        assert await reader.read("order", "99") is None


async def test_another_entity_is_refused_with_those_that_are_read() -> None:
    async with stubbed() as stub:
        with pytest.raises(Rejected, match="'shipment' is not read from Heartland, only customer, gift_card, order"):
            await HeartlandReader(stub.client).read("shipment", "1")
    assert stub.calls == []


def test_every_raw_entity_of_heartland_can_be_read_again_but_stock_which_is_read_by_sku() -> None:
    assert set(RESOURCES) == {entity for system, entity in RAW_ENTITIES if system == "heartland"} - {"inventory"}
