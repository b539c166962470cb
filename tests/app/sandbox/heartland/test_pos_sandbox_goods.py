"""Goods of the Heartland sandbox: six locations, prices and activity by the API, new items by the owner."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.catalogue import SOURCES, catalogue, sellable
from app.sandbox.heartland.back_office import GOODS_PATH
from app.sandbox.premises import Size
from tests.app.sandbox.heartland.account import SKU, Account, SetClock, open_account, order

AFTER_SEEDING = datetime(2199, 1, 1, tzinfo=UTC)
"""The account's goods are from the day before the test runs."""
SOCKS = {"SKU": "SOCKS", "Name": "Socks", "Price": "4.90", "Stock": {"MAIN": 12}}


async def add(account: Account, item: object) -> tuple[int, str]:
    async with account.session.post(f"{account.handle.url}{GOODS_PATH}", json=item) as answer:
        return answer.status, await answer.text()


async def test_a_large_shop_has_six_locations_with_stock_and_orders_of_their_own(tmp_path: Path) -> None:
    async with open_account(tmp_path, size=Size.LARGE) as account:
        page = await account.get("/v1/inventory", sku=SKU)
        assert [row["LocationID"] for row in page["results"]] == list(SOURCES)
        (product,) = [item for item in sellable(catalogue(1, 20, tuple(SOURCES))) if item.sku == SKU]
        assert {row["LocationID"]: row["OnHand"] for row in page["results"]} == product.stock
        await account.post("/v1/orders", order(LocationID="STORE6"))
        assert (await account.level(location="STORE6"))[1] == 2
        assert (await account.level(location="STORE5"))[1] == 0
        pos_only = await account.get("/v1/inventory", sku="POS-ONLY-1", location_id="STORE4")
        assert pos_only["results"][0]["OnHand"] == 0


async def test_a_location_of_the_large_shop_is_unknown_to_the_small_one(account: Account) -> None:
    assert await account.refused("POST", "/v1/orders", order(LocationID="STORE3")) == {
        "LocationID": "unknown location 'STORE3'"
    }


async def test_a_new_item_is_in_the_catalogue_and_stands_at_every_location(account: Account) -> None:
    assert await add(account, SOCKS) == (201, "")
    product = await account.get("/v1/products/SOCKS")
    assert (product["Name"], product["Price"], product["Active"]) == ("Socks", 4.9, True)
    assert await account.level("SOCKS") == (12, 0, 12)
    assert await account.level("SOCKS", "STORE2") == (0, 0, 0)


async def test_a_new_item_is_found_by_the_next_poll(account: Account, clock: SetClock) -> None:
    clock.now = AFTER_SEEDING
    await account.sign_in()
    cursor = (await account.put(f"/v1/products/{SKU}", {"Price": 1}))["UpdatedAt"]
    await add(account, SOCKS)
    products = await account.get("/v1/products", updated_since=cursor)
    assert [row["SKU"] for row in products["results"]] == [SKU, "SOCKS"]
    levels = await account.get("/v1/inventory", updated_since=cursor)
    assert [(row["SKU"], row["LocationID"]) for row in levels["results"]] == [("SOCKS", "MAIN"), ("SOCKS", "STORE2")]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"SKU": SKU}, 409), ({"Price": "-1"}, 400), ({"Stock": {"ATTIC": 1}}, 400), ({"Colour": "red"}, 400)],
)
async def test_a_bad_item_is_not_added(account: Account, change: dict[str, Any], status: int) -> None:
    before = (await account.get("/v1/products"))["total"]
    refused, message = await add(account, SOCKS | change)
    assert (refused, "The item was not added" in message) == (status, True)
    assert (await account.get("/v1/products"))["total"] == before


async def test_a_new_item_is_in_the_mutation_log(account: Account) -> None:
    await add(account, SOCKS)
    with sqlite3.connect(account.handle.database) as connection:
        logged = connection.execute("SELECT operation, resource_key, status FROM mutations").fetchall()
    connection.close()
    assert logged == [("create_product", "SOCKS", 201)]


async def test_a_price_and_the_end_of_sale_move_updated_at(account: Account, clock: SetClock) -> None:
    clock.now = AFTER_SEEDING
    await account.sign_in()
    before = await account.get(f"/v1/products/{SKU}")
    after = await account.put(f"/v1/products/{SKU}", {"Price": 3.5, "Active": False})
    assert (after["Price"], after["Active"]) == (3.5, False)
    assert after["UpdatedAt"] > before["UpdatedAt"]
    assert await account.put(f"/v1/products/{SKU}", {"Active": False}) == after
