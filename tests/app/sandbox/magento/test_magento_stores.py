"""Two websites with a store view each: whose values a call reads and writes, and whose orders they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.premises import Size
from tests.app.sandbox.magento.storefront import Storefront, open_shop

OUTLET_VIEW, OUTLET_STOCK = 4, 3


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Storefront]:
    """A large shop; every website sells S1."""
    async with open_shop(tmp_path, size=Size.LARGE) as opened:
        await opened.put_product("S1", extension_attributes={"website_ids": [1, 2]})
        await opened.put_stock("S1", 50, "store4")
        yield opened


async def name_at(shop: Storefront, code: str) -> str:
    return str((await shop.at(code).get("/products/S1"))["name"])


async def test_websites_groups_and_store_views_are_listed_with_the_admins_own(shop: Storefront) -> None:
    websites = await shop.get("/store/websites")
    assert [(site["id"], site["code"]) for site in websites] == [(0, "admin"), (1, "base"), (2, "outlet")]
    views = await shop.get("/store/storeViews")
    assert [(view["id"], view["code"], view["website_id"]) for view in views] == [
        (0, "admin", 0),
        (1, "default", 1),
        (OUTLET_VIEW, "outlet_en", 2),
    ]
    assert [group["default_store_id"] for group in await shop.get("/store/storeGroups")] == [0, 1, OUTLET_VIEW]
    configs = await shop.get("/store/storeConfigs")
    assert [(config["id"], config["timezone"]) for config in configs] == [
        (1, "America/Chicago"),
        (OUTLET_VIEW, "America/New_York"),
    ]


async def test_an_unknown_store_code_is_refused_and_so_is_the_admins(shop: Storefront) -> None:
    for code in ("german", "admin", "base"):
        refused = await shop.at(code).call("GET", "/products/S1")
        assert refused == (400, {"message": "Specified request cannot be processed."})


async def test_an_update_without_a_code_writes_the_default_view_only(shop: Storefront) -> None:
    await shop.put_product("S1", name="Here")
    assert [await name_at(shop, code) for code in ("default", "outlet_en", "all")] == ["Here", "S1", "S1"]
    assert (await shop.get("/products/S1"))["name"] == "Here"


async def test_an_update_at_all_writes_the_global_value_under_what_a_view_has_of_its_own(shop: Storefront) -> None:
    await shop.at("default").put_product("S1", name="Here")
    await shop.at("all").put_product("S1", name="Everywhere")
    assert [await name_at(shop, code) for code in ("default", "outlet_en", "all")] == [
        "Here",
        "Everywhere",
        "Everywhere",
    ]


async def test_a_price_has_no_view_of_its_own(shop: Storefront) -> None:
    await shop.at("outlet_en").put_product("S1", price=8, status=2)
    here = await shop.get("/products/S1")
    assert (here["price"], here["status"]) == (8, 1)
    assert (await shop.at("outlet_en").get("/products/S1"))["status"] == 2


@pytest.mark.parametrize(
    ("code", "websites"), [("all", [1, 2]), ("outlet_en", [2]), ("default", [1])], ids=["all", "outlet", "default"]
)
async def test_a_new_product_has_global_values_and_the_websites_of_the_path(
    shop: Storefront, code: str, websites: list[int]
) -> None:
    product = {"sku": "NEW", "name": "New", "price": 1, "type_id": "simple", "attribute_set_id": 4}
    await shop.at(code).do("POST", "/products", {"product": product})
    seen = await shop.at("all").get("/products/NEW")
    assert (seen["name"], seen["extension_attributes"]["website_ids"]) == ("New", websites)


async def test_each_store_view_numbers_its_orders_so_that_a_number_comes_twice(shop: Storefront) -> None:
    first = await shop.order(await shop.place(("S1", 1)))
    second = await shop.order(await shop.at("outlet_en").place(("S1", 2)))
    assert [(order["increment_id"], order["store_id"]) for order in (first, second)] == [
        ("000000001", 1),
        ("000000001", OUTLET_VIEW),
    ]
    assert first["entity_id"] != second["entity_id"]
    assert second["store_name"] == "Outlet Website\nOutlet Website Store\nOutlet English"
    assert {item["store_id"] for item in second["items"]} == {OUTLET_VIEW}


async def test_an_order_names_its_goods_as_its_store_view_does(shop: Storefront) -> None:
    await shop.at("outlet_en").put_product("S1", name="Last season's")
    outlet, main = shop.at("outlet_en"), shop
    names = [(await shop.order(await store.place(("S1", 1))))["items"][0]["name"] for store in (outlet, main)]
    assert names == ["Last season's", "S1"]


async def test_a_list_of_orders_is_of_all_store_views_whatever_the_path_says(shop: Storefront) -> None:
    await shop.place(("S1", 1))
    await shop.at("outlet_en").place(("S1", 1))
    assert (await shop.at("outlet_en").find("/orders"))["total_count"] == 2
    found = await shop.find("/orders", ("store_id", "eq", str(OUTLET_VIEW)))
    assert [order["store_id"] for order in found["items"]] == [OUTLET_VIEW]


async def test_an_order_reserves_in_its_own_website_s_stock_until_it_is_shipped_there(shop: Storefront) -> None:
    async def salable() -> tuple[float, float]:
        return await shop.salable("S1"), await shop.salable("S1", OUTLET_STOCK)

    outlet = shop.at("outlet_en")
    assert await salable() == (100, 50)
    order_id = await outlet.place(("S1", 3))
    assert await salable() == (100, 47)
    assert (await shop.ship(order_id, source="store4"))[0] == 200
    assert await salable() == (100, 47)
    assert await shop.on_hand("S1", "store4") == 47
    shipment = (await shop.find("/shipments"))["items"][0]
    assert (shipment["store_id"], shipment["increment_id"]) == (OUTLET_VIEW, "000000001")


async def test_cancelling_releases_in_the_order_s_own_stock(shop: Storefront) -> None:
    order_id = await shop.at("outlet_en").place(("S1", 3))
    await shop.do("POST", f"/orders/{order_id}/cancel")
    assert (await shop.salable("S1"), await shop.salable("S1", OUTLET_STOCK)) == (100, 50)


async def test_a_virtual_line_is_taken_from_the_first_source_of_its_own_stock(shop: Storefront) -> None:
    sku = "SKU-00001"
    before = [await shop.on_hand(sku, source) for source in ("main", "store4")]
    order_id = await shop.at("outlet_en").place((sku, 2), shipped=False)
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    assert [await shop.on_hand(sku, source) for source in ("main", "store4")] == [before[0], before[1] - 2]


@pytest.mark.parametrize("change", [{"extension_attributes": {"website_ids": [1]}}, {"status": 2}])
async def test_a_website_sells_only_its_own_enabled_products(shop: Storefront, change: dict[str, Any]) -> None:
    await shop.at("outlet_en").put_product("S1", **change)
    outlet = shop.at("outlet_en")
    cart = await outlet.do("POST", "/guest-carts")
    item = {"cartItem": {"sku": "S1", "qty": 1, "quote_id": cart}}
    refused = await outlet.call("POST", f"/guest-carts/{cart}/items", item)
    assert refused == (404, {"message": "Product that you are trying to add is not available."})
    assert await shop.place(("S1", 1))
