from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from app.sandbox.catalogue import SOURCES, catalogue, sellable
from app.sandbox.magento.server import start
from app.sandbox.server import SandboxOptions
from tests.app.sandbox.magento.storefront import Storefront, open_shop


def row(**changes: Any) -> dict[str, Any]:
    return {"sku": "S1", "source_code": "main", "quantity": 7, "status": 1} | changes


async def write(shop: Storefront, *rows: dict[str, Any]) -> tuple[int, Any]:
    return await shop.call("POST", "/inventory/source-items", {"sourceItems": list(rows)})


async def test_quantities_are_absolute_and_safe_to_repeat(shop: Storefront) -> None:
    for _ in range(2):
        assert await write(shop, row(), row(source_code="store2", quantity=-2, status=0)) == (200, [])
    assert (await shop.on_hand("S1"), await shop.on_hand("S1", "store2")) == (7, -2)


async def test_the_sku_is_known_in_any_letter_case(shop: Storefront) -> None:
    await write(shop, row(sku="s1", quantity=3))
    found = await shop.find("/inventory/source-items", ("sku", "eq", "S1"), ("source_code", "eq", "main"))
    assert [(item["sku"], item["quantity"]) for item in found["items"]] == [("S1", 3)]


async def test_an_unknown_sku_is_stored_in_silence(shop: Storefront) -> None:
    assert await write(shop, row(sku="TYPO")) == (200, [])
    assert await shop.on_hand("TYPO") == 7


async def test_one_bad_row_refuses_the_batch(shop: Storefront) -> None:
    before = await shop.on_hand("S1")
    refused = await write(shop, row(), row(source_code="nowhere"), row(status=7))
    assert refused == (
        400,
        {
            "message": 'Validation Failed: "status" should a known status.',
            "errors": [{"message": '"%field" should a known status.', "parameters": {"field": "status"}}],
        },
    )
    assert await write(shop, row(), row(source_code="nowhere")) == (400, {"message": "Could not save Source Item"})
    assert await shop.on_hand("S1") == before


@pytest.mark.parametrize("changes", [{"sku": ""}, {"source_code": None}, {"quantity": None}, {"status": None}])
async def test_every_field_is_needed(shop: Storefront, changes: dict[str, Any]) -> None:
    status, body = await write(shop, row(**changes))
    assert status == 400
    assert [error["parameters"]["field"] for error in body["errors"]] == list(changes)


async def test_a_quantity_must_be_a_number(shop: Storefront) -> None:
    status, body = await write(shop, row(quantity="many"))
    assert (status, "type is invalid" in body["message"]) == (400, True)
    assert await write(shop) == (400, {"message": "Input data is empty"})


async def test_salable_is_what_the_sources_hold_less_what_is_sold(shop: Storefront) -> None:
    await write(shop, row(quantity=10), row(source_code="store2", quantity=5), row(source_code="default", quantity=9))
    await shop.place(("S1", 4))
    assert await shop.salable("S1") == 11
    await write(shop, row(quantity=10, status=0))
    assert await shop.salable("S1") == 1
    await write(shop, row(quantity=0), row(source_code="store2", quantity=0))
    assert await shop.salable("S1") == 0
    assert await shop.get("/inventory/is-product-salable/S1/2") is False


async def test_the_last_piece_leaves_a_source_item_in_stock_without_a_quantity(shop: Storefront) -> None:
    await write(shop, row(quantity=2))
    await shop.ship(await shop.place(("S1", 2)))
    found = await shop.find("/inventory/source-items", ("sku", "eq", "S1"), ("source_code", "eq", "main"))
    assert [(item["quantity"], item["status"]) for item in found["items"]] == [(0, 1)]


async def test_cancelling_gives_the_goods_back(shop: Storefront) -> None:
    order_id = await shop.place(("CAP", 2))
    assert await shop.salable("C-Red") == 98
    await shop.do("POST", f"/orders/{order_id}/cancel")
    assert await shop.salable("C-Red") == 100


async def test_the_salable_quantity_of_an_unknown_sku_is_a_crash(shop: Storefront) -> None:
    crashed = "An error has happened during application run. See exception log for details.\n"
    assert await shop.call("GET", "/inventory/get-product-salable-quantity/NOPE/2") == (500, crashed)
    assert (await shop.call("GET", "/inventory/get-product-salable-quantity/CAP/2"))[0] == 400
    assert await shop.get("/inventory/is-product-salable/NOPE/2") is False


async def test_nobody_buys_what_is_not_there(shop: Storefront) -> None:
    await write(shop, row(quantity=2))
    cart = await shop.fill_cart(("S1", 2))
    await shop.place(("S1", 1))
    refused = (400, {"message": "The requested qty is not available"})
    order = {"paymentMethod": {"method": "checkmo"}}
    assert await shop.call("PUT", f"/guest-carts/{cart}/order", order) == refused
    item = {"cartItem": {"sku": "S1", "qty": 2, "quote_id": cart}}
    assert await shop.call("POST", f"/guest-carts/{cart}/items", item) == refused


async def test_it_starts_with_the_catalogue_and_its_stock(tmp_path: Path) -> None:
    async with open_shop(tmp_path, skus=60, seed=5) as shop:
        for product in sellable(catalogue(5, 60)):
            for location, quantity in product.stock.items():
                assert await shop.on_hand(product.sku, SOURCES[location]) == quantity
        parent = await shop.get("/products/CFG-00023")
        assert len(parent["extension_attributes"]["configurable_product_links"]) == 3


async def test_a_restart_keeps_what_was_there(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        await shop.put_stock("SKU-00002", 1)
        await shop.place(("SKU-00004", 1))
    handle = await start(SandboxOptions(database=tmp_path / "magento.db", skus=40))
    async with ClientSession() as session:
        again = Storefront(handle, session)
        assert await again.on_hand("SKU-00002") == 1
        assert (await again.order(1))["items"][0]["sku"] == "SKU-00004"
    await handle.stop()


async def test_sources_and_the_store_view_are_shown(shop: Storefront) -> None:
    sources = await shop.get("/inventory/sources", searchCriteria="")
    assert [source["source_code"] for source in sources["items"]] == ["default", "main", "store2"]
    assert (await shop.get("/inventory/sources/main"))["enabled"] is True
    expected = {"message": 'Source with code "%value" does not exist.', "parameters": {"value": "nowhere"}}
    assert await shop.call("GET", "/inventory/sources/nowhere") == (404, expected)
    assert [config["base_currency_code"] for config in await shop.get("/store/storeConfigs")] == ["USD"]
