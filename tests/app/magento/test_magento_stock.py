"""What is asked of Magento about stock, and what its answers become."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from aiohttp import web

from app.magento.stock import MagentoStock
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import SourceItem
from tests.app.magento.magento_stub import stubbed
from tests.app.stub_server import Seen

OPAQUE = {"message": "Could not save Source Item"}
GONE = {"message": 'Source with code "%value" does not exist.', "parameters": {"value": "mian"}}


def query(seen: Seen) -> dict[str, str]:
    return {key: value[0] for key, value in parse_qs(urlsplit(unquote(seen.raw_path)).query).items()}


def products(*skus: str) -> web.Response:
    return web.json_response({"items": [{"sku": sku} for sku in skus] or None, "total_count": len(skus)})


async def test_quantities_are_absolute_exact_and_carry_their_status() -> None:
    items = [
        SourceItem("S1", "main", Decimal("3.1000")),
        SourceItem("S2", "main", Decimal(0)),
        SourceItem("S3", "store2", Decimal("12345678.0001")),
    ]
    async with stubbed(web.json_response([])) as (server, client):
        await MagentoStock(client).write_source_items(items)
    assert b'"quantity":3.1000' in server.seen[0].content
    assert b'"quantity":12345678.0001' in server.seen[0].content
    assert server.seen[0].body == {
        "sourceItems": [
            {"sku": "S1", "source_code": "main", "quantity": 3.1, "status": 1},
            {"sku": "S2", "source_code": "main", "quantity": 0, "status": 0},
            {"sku": "S3", "source_code": "store2", "quantity": 12345678.0001, "status": 1},
        ]
    }


async def test_nothing_to_write_is_no_call() -> None:
    async with stubbed() as (server, client):
        await MagentoStock(client).write_source_items([])
    assert server.seen == []


@pytest.mark.rule("guards.bisect")
async def test_a_refused_batch_is_rejected_so_that_the_caller_halves_it() -> None:
    items = [SourceItem("S1", "main", Decimal(1)), SourceItem("S2", "mian", Decimal(1))]
    async with stubbed(web.json_response(OPAQUE, status=400)) as (server, client):
        with pytest.raises(Rejected, match="2 SKUs from S1: Magento answers 400 'Could not save Source Item'"):
            await MagentoStock(client).write_source_items(items)
    assert len(server.seen) == 1


async def test_a_lone_row_whose_source_does_not_exist_says_so() -> None:
    async with stubbed(web.json_response(OPAQUE, status=400), web.json_response(GONE, status=404)) as (server, client):
        with pytest.raises(Rejected, match="no source 'mian'") as caught:
            await MagentoStock(client).write_source_items([SourceItem("S2", "mian", Decimal(1))])
    assert caught.value.code == "unknown_source"
    assert server.seen[1].raw_path == "/rest/V1/inventory/sources/mian"


async def test_a_lone_row_whose_source_exists_is_written_again() -> None:
    async with stubbed(web.json_response(OPAQUE, status=400), web.json_response({"source_code": "main"})) as (
        _,
        client,
    ):
        with pytest.raises(OutcomeUnknown):
            await MagentoStock(client).write_source_items([SourceItem("S2", "main", Decimal(1))])


async def test_a_lone_sku_in_two_sources_that_exist_is_written_again() -> None:
    items = [SourceItem("S2", "main", Decimal(1)), SourceItem("S2", "store2", Decimal(2))]
    found = [web.json_response({"source_code": source}) for source in ("main", "store2")]
    async with stubbed(web.json_response(OPAQUE, status=400), *found) as (server, client):
        with pytest.raises(OutcomeUnknown):
            await MagentoStock(client).write_source_items(items)
    sources = "/rest/V1/inventory/sources"
    assert [seen.raw_path for seen in server.seen[1:]] == [f"{sources}/main", f"{sources}/store2"]


async def test_a_lone_sku_in_two_sources_is_rejected_by_the_name_of_the_missing_one() -> None:
    items = [SourceItem("S2", "main", Decimal(1)), SourceItem("S2", "mian", Decimal(2))]
    answers = [web.json_response({"source_code": "main"}), web.json_response(GONE, status=404)]
    async with stubbed(web.json_response(OPAQUE, status=400), *answers) as (_, client):
        with pytest.raises(Rejected, match="stock of S2 was not written, Magento has no source 'mian'") as caught:
            await MagentoStock(client).write_source_items(items)
    assert caught.value.code == "unknown_source"


async def test_a_server_error_leaves_the_outcome_unknown() -> None:
    async with stubbed(web.Response(status=500)) as (_, client):
        with pytest.raises(OutcomeUnknown):
            await MagentoStock(client).write_source_items([SourceItem("S2", "main", Decimal(1))])


@pytest.mark.rule("starting.no_unknown_source_items")
async def test_known_skus_are_those_of_products_letter_for_letter() -> None:
    async with stubbed(products("S1", "C-Red")) as (server, client):
        assert await MagentoStock(client).known_skus({"S1", "c-red", "NOPE"}) == frozenset({"S1"})
    assert query(server.seen[0]) == {
        "searchCriteria[filter_groups][0][filters][0][field]": "sku",
        "searchCriteria[filter_groups][0][filters][0][condition_type]": "in",
        "searchCriteria[filter_groups][0][filters][0][value]": "NOPE,S1,c-red",
        "searchCriteria[pageSize]": "3",
        "searchCriteria[currentPage]": "1",
        "fields": "items[sku],total_count",
    }


async def test_a_sku_with_a_comma_is_asked_for_by_itself() -> None:
    async with stubbed(products("C"), products("A,B")) as (server, client):
        assert await MagentoStock(client).known_skus({"A,B", "C", "D,"}) == frozenset({"A,B", "C"})
    name = "searchCriteria[filter_groups][0][filters]"
    assert query(server.seen[0])[f"{name}[0][value]"] == "C"
    asked = query(server.seen[1])
    assert [asked[f"{name}[{index}][{key}]"] for index in (0, 1) for key in ("condition_type", "value")] == [
        "eq",
        "A,B",
        "eq",
        "D,",
    ]


async def test_no_known_sku_is_an_empty_answer() -> None:
    async with stubbed(products()) as (_, client):
        assert await MagentoStock(client).known_skus({"NOPE"}) == frozenset()


async def test_many_skus_go_in_parts() -> None:
    skus = {f"SKU-{number:04d}" for number in range(250)}
    async with stubbed(*[products() for _ in range(3)]) as (server, client):
        await MagentoStock(client).known_skus(skus)
    assert len(server.seen) == 3


async def test_source_items_are_read_page_by_page() -> None:
    rows = [{"sku": "S4", "source_code": f"s{number}", "quantity": 1.5, "status": 1} for number in range(130)]
    pages = [{"items": rows[:100], "total_count": 130}, {"items": rows[100:], "total_count": 130}]
    async with stubbed(*[web.json_response(page) for page in pages]) as (server, client):
        items = await MagentoStock(client).list_source_items({"S4"})
    assert len(items) == 130
    assert items[-1] == SourceItem("S4", "s129", Decimal("1.5"))
    assert [query(seen)["searchCriteria[currentPage]"] for seen in server.seen] == ["1", "2"]
