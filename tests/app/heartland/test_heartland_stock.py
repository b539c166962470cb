"""Levels are whole or they are not given; a partial answer never looks like zero stock."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from app.heartland.stock import HeartlandStock
from schemas.canonical import LocationLevel
from streams.errors import Rejected, Transient
from tests.app.heartland.heartland_contract import check_request
from tests.app.heartland.heartland_stub import level, page, stubbed
from tests.app.stub_server import Seen


def asked(seen: Seen) -> list[str]:
    return [value for key, value in parse_qsl(seen.raw_path.partition("?")[2]) if key == "sku"]


async def test_levels_are_given_per_sku_and_location_and_an_unknown_sku_is_left_out() -> None:
    rows = [level("S1", "MAIN", 7.5, 2), level("S1", "STORE2", -1), level("A,B", "MAIN", 0)]
    async with stubbed(page(rows)) as stub:
        levels = await HeartlandStock(stub.client).levels({"S1", "A,B", "NOPE"})
    at = datetime.fromisoformat(str(rows[0]["UpdatedAt"]))
    assert levels == {
        "S1": [
            LocationLevel(location="MAIN", on_hand=Decimal("7.5"), committed=Decimal(2), updated_at=at),
            LocationLevel(location="STORE2", on_hand=Decimal(-1), committed=Decimal(0), updated_at=at),
        ],
        "A,B": [LocationLevel(location="MAIN", on_hand=Decimal(0), committed=Decimal(0), updated_at=at)],
    }
    assert check_request(stub.calls[0]) == "list_inventory"
    assert asked(stub.calls[0]) == ["A,B", "NOPE", "S1"]


async def test_no_sku_is_no_call() -> None:
    async with stubbed() as stub:
        assert await HeartlandStock(stub.client).levels(set()) == {}
    assert stub.calls == []


async def test_many_skus_go_in_parts_of_a_hundred() -> None:
    skus = [f"SKU-{number:03d}" for number in range(250)]
    async with stubbed(answer=lambda seen: page([level(sku, "MAIN", 1) for sku in asked(seen)])) as stub:
        levels = await HeartlandStock(stub.client).levels(skus)
    assert sorted(levels) == skus
    assert [len(asked(seen)) for seen in stub.calls] == [100, 100, 50]
    assert {check_request(seen) for seen in stub.calls} == {"list_inventory"}


async def test_all_pages_are_read() -> None:
    pages = [
        page([level("S1", "MAIN", 1)], pages=2, total=2),
        page([level("S1", "STORE2", 2)], number=2, pages=2, total=2),
    ]
    async with stubbed(*pages) as stub:
        levels = await HeartlandStock(stub.client).levels({"S1"})
    assert [row.location for row in levels["S1"]] == ["MAIN", "STORE2"]
    assert "sort=id&page=2&per_page=500" in stub.calls[1].raw_path


@pytest.mark.rule("guards.short_read")
@pytest.mark.parametrize(
    "pages",
    [
        [page([level("S1", "MAIN", 1)], total=2)],
        [page([], total=1)],
        [page([level("S1", "MAIN", 1)], pages=2, total=2), page([], number=2, pages=2, total=2)],
        [page([level("S1", "MAIN", 1)], pages=2, total=2), page([level("S1", "MAIN", 1)], number=2, pages=2, total=2)],
        [page([level("S1", "MAIN", 1)], pages=2, total=2), page([level("S1", "B", 1)], number=2, pages=2, total=3)],
        [page([level("S1", "MAIN", 1), level("S9", "MAIN", 1)])],
    ],
    ids=["short", "empty", "last page gone", "a row twice", "grew meanwhile", "another SKU"],
)
async def test_an_answer_that_is_not_whole_is_read_again(pages: list[web.Response]) -> None:
    async with stubbed(*pages) as stub:
        with pytest.raises(Transient, match="nothing is taken for zero") as caught:
            await HeartlandStock(stub.client).levels({"S1"})
    assert caught.value.code == "partial_answer"


@pytest.mark.rule("guards.short_read")
async def test_one_failed_part_fails_all() -> None:
    skus = [f"SKU-{number:03d}" for number in range(150)]
    answers = [page([level(sku, "MAIN", 1) for sku in skus[:100]]), web.Response(status=500)]
    async with stubbed(*answers) as stub:
        with pytest.raises(Transient):
            await HeartlandStock(stub.client).levels(skus)


@pytest.mark.rule("guards.short_read")
async def test_a_row_without_figures_is_not_zero() -> None:
    row = level("S1", "MAIN", 1)
    del row["OnHand"]
    async with stubbed(page([row])) as stub:
        with pytest.raises(Rejected, match="OnHand"):
            await HeartlandStock(stub.client).levels({"S1"})


async def test_changed_rows_are_listed() -> None:
    async with stubbed(page([level("S1", "MAIN", 1)], total=5)) as stub:
        listing = await HeartlandStock(stub.client).list_inventory(datetime(2026, 11, 24, tzinfo=UTC), page_size=1)
    assert check_request(stub.calls[0]) == "list_inventory"
    assert (listing.total_count, listing.rows[0]["SKU"]) == (5, "S1")
