"""Stocks and their sources, and the rules around Magento's own default ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.sandbox.premises import Size
from tests.app.sandbox.magento.storefront import Storefront, open_shop

DEFAULT_LINK = (400, {"message": "Can not save link related to Default Source or Default Stock"})


@pytest.fixture
async def large(tmp_path: Path) -> AsyncIterator[Storefront]:
    async with open_shop(tmp_path, size=Size.LARGE) as opened:
        yield opened


@pytest.fixture
async def single(tmp_path: Path) -> AsyncIterator[Storefront]:
    """As Magento comes: one source, ``default``, in the default stock."""
    async with open_shop(tmp_path, size=Size.SINGLE_SOURCE) as opened:
        await opened.put_stock("S1", 10, "default")
        yield opened


async def link(shop: Storefront, stock_id: int, source: str, priority: int = 9) -> tuple[int, object]:
    row = {"stock_id": stock_id, "source_code": source, "priority": priority}
    return await shop.call("POST", "/inventory/stock-source-links", {"links": [row]})


async def test_each_website_has_its_stock_and_the_default_stock_serves_none(large: Storefront) -> None:
    stocks = (await large.find("/inventory/stocks"))["items"]
    channels = {stock["stock_id"]: stock["extension_attributes"]["sales_channels"] for stock in stocks}
    assert channels == {
        1: [],
        2: [{"type": "website", "code": "base"}],
        3: [{"type": "website", "code": "outlet"}],
    }
    assert (await large.get("/inventory/stock-resolver/website/outlet"))["stock_id"] == 3
    assert (await large.call("GET", "/inventory/stock-resolver/website/nowhere"))[0] == 404
    assert (await large.get("/inventory/stocks/1"))["name"] == "Default Stock"
    assert (await large.call("GET", "/inventory/stocks/9"))[0] == 404


async def test_six_sources_are_linked_three_to_a_stock_in_order_of_priority(large: Storefront) -> None:
    found = await large.find("/inventory/stock-source-links", ("stock_id", "eq", "3"))
    assert [(row["source_code"], row["priority"]) for row in found["items"]] == [
        ("store4", 1),
        ("store5", 2),
        ("store6", 3),
    ]
    assert (await large.find("/inventory/sources"))["total_count"] == 7
    page = await large.find("/inventory/sources", ("source_code", "in", "store6,main"))
    assert [source["source_code"] for source in page["items"]] == ["main", "store6"]


async def test_a_stock_sells_what_its_own_sources_hold(large: Storefront) -> None:
    for source in ("main", "store3", "store4", "store6", "default"):
        await large.put_stock("S2", 7, source)
    assert [await large.salable("S2", stock) for stock in (1, 2, 3)] == [7, 14, 14]
    asked = {"skus[0]": "S2", "skus[1]": "S3", "skus[2]": "NOPE", "stockId": "3"}
    assert await large.get("/inventory/are-products-salable", **asked) == [
        {"sku": "S2", "stock_id": 3, "salable": True},
        {"sku": "S3", "stock_id": 3, "salable": False},
        {"sku": "NOPE", "stock_id": 3, "salable": False},
    ]


async def test_a_source_may_serve_two_stocks(large: Storefront) -> None:
    assert await link(large, 3, "main") == (200, [])
    assert (await large.salable("S3"), await large.salable("S3", 3)) == (100, 100)


@pytest.mark.parametrize(("stock_id", "source"), [(2, "default"), (1, "main")])
async def test_the_default_source_and_the_default_stock_have_only_each_other(
    large: Storefront, stock_id: int, source: str
) -> None:
    assert await link(large, stock_id, source) == DEFAULT_LINK


async def test_a_link_to_what_is_not_there_is_refused_with_the_whole_batch(large: Storefront) -> None:
    links = [
        {"stock_id": 3, "source_code": "main", "priority": 1},
        {"stock_id": 3, "source_code": "nowhere", "priority": 1},
    ]
    status, _ = await large.call("POST", "/inventory/stock-source-links", {"links": links})
    assert (status, await large.salable("S3", 3)) == (400, 0)


async def test_ship_without_a_source_takes_from_default_which_is_in_no_website_s_stock(large: Storefront) -> None:
    await large.put_stock("S4", 5, "default")
    order_id = await large.place(("S4", 2))
    assert (await large.call("POST", f"/order/{order_id}/ship", {}))[0] == 200
    assert (await large.on_hand("S4"), await large.on_hand("S4", "default")) == (100, 3)


async def test_with_one_source_placing_leaves_the_stock_item_alone_and_a_push_is_on_hand(single: Storefront) -> None:
    order_id = await single.place(("S1", 3))
    assert ((await single.get("/stockItems/S1"))["qty"], await single.salable("S1", 1)) == (10, 7)
    item = (await single.order(order_id))["items"][0]["item_id"]
    shipped = await single.call("POST", f"/order/{order_id}/ship", {"items": [{"order_item_id": item, "qty": 1}]})
    assert shipped[0] == 200
    assert ((await single.get("/stockItems/S1"))["qty"], await single.salable("S1", 1)) == (9, 7)
    await single.do("PUT", "/products/S1/stockItems/1", {"stockItem": {"qty": 4, "is_in_stock": True}})
    assert await single.salable("S1", 1) == 2
