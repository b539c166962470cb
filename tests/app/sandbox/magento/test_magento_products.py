"""Saving products: what a PUT creates, keeps, replaces, ignores and refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.magento.errors import CRASHED
from tests.app.sandbox.magento.storefront import Storefront, open_shop
from tests.app.sandbox.magento.test_magento_requests import logged

NEW = {"name": "Typo", "price": 5, "type_id": "simple", "attribute_set_id": 4}


async def test_a_put_of_an_unknown_sku_creates_a_product_enabled_with_an_empty_default_source(shop: Storefront) -> None:
    made = await shop.put_product("TYPO", **NEW)
    assert (made["sku"], made["status"], made["extension_attributes"]["website_ids"]) == ("TYPO", 1, [1])
    items = (await shop.find("/inventory/source-items", ("sku", "eq", "TYPO")))["items"]
    assert items == [{"sku": "TYPO", "source_code": "default", "quantity": 0, "status": 1}]


@pytest.mark.parametrize("field", ["name", "price", "type_id", "attribute_set_id"])
async def test_a_put_of_an_unknown_sku_with_owned_fields_only_creates_nothing(shop: Storefront, field: str) -> None:
    product = {name: value for name, value in NEW.items() if name != field}
    status, body = await shop.call("PUT", "/products/TYPO", {"product": product})
    assert (status, body["parameters"]) == (400, [field])
    assert (await shop.call("GET", "/products/TYPO"))[0] == 404


async def test_the_path_overrides_the_body_s_sku_so_that_nothing_is_renamed(shop: Storefront) -> None:
    saved = await shop.put_product("S1", sku="S1-NEW", price=11)
    assert (saved["sku"], saved["price"]) == ("S1", 11)
    assert (await shop.call("GET", "/products/S1-NEW"))[0] == 404


async def test_a_second_key_beside_product_is_a_crash_in_plain_text(shop: Storefront) -> None:
    body = {"product": {"price": 12}, "note": "x"}
    assert await shop.call("PUT", "/products/S1", body) == (500, CRASHED)
    assert (await shop.get("/products/S1"))["price"] == 10


async def test_an_unknown_key_inside_product_is_refused(shop: Storefront) -> None:
    status, body = await shop.call("PUT", "/products/S1", {"product": {"nope": 1}})
    assert (status, body["parameters"]) == (400, {"fieldName": "Nope"})


async def test_a_slash_in_a_sku_passes_encoded(shop: Storefront) -> None:
    await shop.put_product("P%2FA%20B", **NEW)
    assert (await shop.get("/products/P%2FA%20B"))["sku"] == "P/A B"


async def test_what_is_not_sent_is_kept_and_empty_extension_attributes_keep_the_websites(shop: Storefront) -> None:
    before = await shop.get("/products/S1")
    after = await shop.put_product("S1", price=12, extension_attributes={})
    assert after | {"price": 10, "updated_at": before["updated_at"]} == before


@pytest.mark.parametrize("sku", ["S1", "CAP"])
async def test_a_whole_product_may_be_sent_back_as_it_was_read(shop: Storefront, sku: str) -> None:
    before = await shop.get(f"/products/{sku}")
    after = await shop.do("PUT", f"/products/{sku}", {"product": before})
    assert after | {"updated_at": before["updated_at"]} == before


async def test_website_ids_replace(shop: Storefront) -> None:
    saved = await shop.put_product("S1", extension_attributes={"website_ids": []})
    assert saved["extension_attributes"]["website_ids"] == []


async def test_a_website_that_is_not_there_is_refused(shop: Storefront) -> None:
    body = {"product": {"extension_attributes": {"website_ids": [1, 7]}}}
    assert (await shop.call("PUT", "/products/S1", body))[0] == 400
    assert (await shop.get("/products/S1"))["extension_attributes"]["website_ids"] == [1]


async def test_options_left_out_are_kept_and_an_empty_list_deletes_all(shop: Storefront) -> None:
    option = {"title": "Engraving", "type": "field", "price": 3}
    await shop.put_product("S1", options=[option])
    await shop.put_product("S1", price=12)
    assert (await shop.get("/products/S1"))["options"] == [option]
    await shop.put_product("S1", options=[])
    assert (await shop.get("/products/S1"))["options"] == []


async def test_category_links_are_the_whole_list(shop: Storefront) -> None:
    for category in ("3", "5"):
        links = [{"position": 0, "category_id": category}]
        saved = await shop.put_product("S1", extension_attributes={"category_links": links})
        assert saved["extension_attributes"]["category_links"] == links
    assert (await shop.custom("S1"))["category_ids"] == ["5"]


async def test_custom_attributes_merge_and_an_unknown_one_is_ignored(shop: Storefront) -> None:
    sent = [{"attribute_code": code, "value": value} for code, value in (("barcode", "400123"), ("nope", "1"))]
    await shop.put_product("S1", custom_attributes=sent)
    await shop.put_product("S1", custom_attributes=[{"attribute_code": "description", "value": "Soft"}])
    custom = await shop.custom("S1")
    assert (custom["barcode"], custom["description"], "nope" in custom) == ("400123", "Soft", False)
    await shop.put_product("S1", custom_attributes=[{"attribute_code": "barcode", "value": ""}])
    assert "barcode" not in await shop.custom("S1")


async def test_products_are_found_by_a_custom_attribute(shop: Storefront) -> None:
    await shop.at("all").put_product("S1", custom_attributes=[{"attribute_code": "barcode", "value": "400123"}])
    found = await shop.find("/products", ("barcode", "eq", "400123"), fields="items[sku],total_count")
    assert found == {"items": [{"sku": "S1"}], "total_count": 1}


async def test_a_product_is_created_disabled_and_enabled_later(shop: Storefront) -> None:
    product = NEW | {"sku": "DRAFT", "status": 2, "visibility": 1}
    made = await shop.at("all").do("POST", "/products", {"product": product})
    assert (made["status"], made["visibility"]) == (2, 1)
    assert (await shop.at("all").put_product("DRAFT", status=1))["status"] == 1
    found = await shop.find("/products", ("status", "eq", "1"), ("sku", "eq", "DRAFT"))
    assert found["total_count"] == 1


async def test_variants_are_linked_to_their_parent_by_id(shop: Storefront) -> None:
    blue = await shop.make_product("C-Blue", 25, custom_attributes=[{"attribute_code": "shade", "value": "5"}])
    red = (await shop.get("/products/C-Red"))["id"]
    await shop.put_product("CAP", extension_attributes={"configurable_product_links": [red, blue]})
    extension = (await shop.get("/products/CAP"))["extension_attributes"]
    assert extension["configurable_product_links"] == [red, blue]
    assert [value["value_index"] for value in extension["configurable_product_options"][0]["values"]] == [4, 5]


async def test_a_put_moves_updated_at_and_one_of_prices_or_stock_does_not(tmp_path: Path) -> None:
    now = datetime(2026, 9, 1, 12, tzinfo=UTC)
    times = {"now": now}
    async with open_shop(tmp_path, clock=lambda: times["now"]) as shop:
        calls: list[tuple[str, str, Any]] = [
            ("POST", "/products/base-prices", {"prices": [{"sku": "S1", "price": 9, "store_id": 0}]}),
            ("POST", "/products/special-price", {"prices": [{"sku": "S1", "price": 8, "store_id": 0}]}),
            ("PUT", "/products/S1/stockItems/1", {"stockItem": {"qty": 1}}),
            ("POST", "/inventory/source-items", {"sourceItems": [_row("S1")]}),
            ("PUT", "/products/S1", {"product": {"price": 7}}),
        ]
        moved = []
        for step, (method, path, body) in enumerate(calls, start=1):
            before = (await shop.get("/products/S1"))["updated_at"]
            times["now"] = now + timedelta(minutes=step)
            await shop.do(method, path, body)
            moved.append((await shop.get("/products/S1"))["updated_at"] != before)
        assert moved == [False, False, False, False, True]


def _row(sku: str) -> dict[str, object]:
    return {"sku": sku, "source_code": "main", "quantity": 1, "status": 1}


async def test_a_put_is_in_the_mutation_log_under_the_path_s_sku(shop: Storefront) -> None:
    await shop.put_product("S1", price=3)
    await shop.call("PUT", "/products/S1", {"product": {}, "more": 1})
    assert [(row["resource_key"], row["status"]) for row in logged(shop, "put_product")] == [("S1", 200), ("S1", 500)]
