"""Legacy stock items: the default source's view of stock, and the threshold below which nothing is sold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.sandbox.magento.storefront import CAP_RED, Storefront

NOT_AVAILABLE = (400, {"message": "The requested qty is not available"})


async def put(shop: Storefront, sku: str, **item: Any) -> int:
    return int(await shop.do("PUT", f"/products/{sku}/stockItems/999", {"stockItem": item}))


async def add_to_cart(shop: Storefront, sku: str, qty: int, **item: Any) -> tuple[int, Any]:
    cart = await shop.do("POST", "/guest-carts")
    return await shop.call(
        "POST", f"/guest-carts/{cart}/items", {"cartItem": {"sku": sku, "qty": qty, "quote_id": cart, **item}}
    )


async def test_goods_of_other_sources_do_not_show(shop: Storefront) -> None:
    item = await shop.get("/stockItems/S1")
    assert (item["qty"], item["is_in_stock"], item["stock_id"]) == (None, False, 1)
    assert (await shop.get("/products/S1"))["extension_attributes"]["stock_item"] == item


async def test_a_quantity_goes_to_the_default_source_only_and_the_item_id_counts_for_nothing(shop: Storefront) -> None:
    assert await put(shop, "S1", qty=7, is_in_stock=True) == (await shop.get("/stockItems/S1"))["item_id"]
    assert (await shop.on_hand("S1", "default"), await shop.on_hand("S1")) == (7, 100)
    assert await shop.salable("S1") == 100


async def test_a_quantity_alone_does_not_raise_is_in_stock(shop: Storefront) -> None:
    await put(shop, "S1", qty=7)
    item = await shop.get("/stockItems/S1")
    assert (item["qty"], item["is_in_stock"]) == (7, False)
    assert await shop.salable("S1", 1) == 0
    await put(shop, "S1", is_in_stock=True)
    assert await shop.salable("S1", 1) == 7


async def test_an_update_merges_and_does_not_move_the_product_s_updated_at(shop: Storefront) -> None:
    before = (await shop.get("/products/S1"))["updated_at"]
    await put(shop, "S1", notify_stock_qty=5)
    await put(shop, "S1", qty=1)
    assert (await shop.get("/stockItems/S1"))["notify_stock_qty"] == 5
    assert (await shop.get("/products/S1"))["updated_at"] == before


@pytest.mark.rule("stock.safety_is_min_qty")
async def test_the_threshold_is_taken_off_once_and_limits_selling_but_not_shipping(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 30))
    await put(shop, "S1", min_qty=60, use_config_min_qty=False)
    assert await shop.salable("S1") == 10
    assert await add_to_cart(shop, "S1", 11) == NOT_AVAILABLE
    assert (await shop.ship(order_id))[0] == 200
    await shop.put_stock("S1", 20)
    assert await shop.salable("S1") == 0
    assert await shop.get("/inventory/is-product-salable/S1/2") is False


async def test_a_threshold_beside_the_shop_s_own_has_no_effect(shop: Storefront) -> None:
    await put(shop, "S1", min_qty=60)
    assert (await shop.get("/stockItems/S1"))["min_qty"] == 0
    assert await shop.salable("S1") == 100


async def test_with_backorders_the_salable_quantity_goes_below_zero(shop: Storefront) -> None:
    await put(shop, "S1", backorders=1, use_config_backorders=False)
    await shop.put_stock("S1", 3)
    await shop.place(("S1", 5))
    assert await shop.salable("S1") == -2
    assert await shop.get("/inventory/is-product-salable/S1/2") is True


async def test_a_parent_must_be_in_stock_itself_to_be_sold(shop: Storefront) -> None:
    await put(shop, "CAP", is_in_stock=False)
    assert await add_to_cart(shop, "CAP", 1, product_option=CAP_RED) == (
        400,
        {"message": "This product is out of stock."},
    )
    assert await shop.get("/inventory/is-product-salable/CAP/2") is False
    assert (await add_to_cart(shop, "C-Red", 1))[0] == 200


async def test_a_parent_is_out_of_stock_until_somebody_says_otherwise(shop: Storefront) -> None:
    await shop.make_product("HAT", 0, "configurable")
    assert (await shop.get("/stockItems/HAT"))["is_in_stock"] is False


async def test_a_source_item_of_default_shows_at_the_stock_item(shop: Storefront) -> None:
    await shop.put_stock("S1", 8, "default")
    item = await shop.get("/stockItems/S1")
    assert (item["qty"], item["is_in_stock"]) == (8, True)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_an_unknown_sku_has_no_stock_item(shop: Storefront, method: str) -> None:
    path = {"GET": "/stockItems/NOPE", "PUT": "/products/NOPE/stockItems/1"}[method]
    body = {"stockItem": {"qty": 1}} if method == "PUT" else None
    assert (await shop.call(method, path, body))[0] == 404
