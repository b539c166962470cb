"""Products of the web store, and what they refer to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from streams.errors import AliasMissing, Rejected
from tests.app.magento.magento_answers import magento, refusal, rows

PRODUCT: dict[str, Any] = {
    "sku": "A/B",
    "name": "Tee",
    "type_id": "simple",
    "status": 1,
    "price": 30.99,
    "attribute_set_id": 4,
    "updated_at": "2026-11-23 21:58:03",
    "extension_attributes": {"website_ids": [1]},
    "custom_attributes": [
        {"attribute_code": "tax_class_id", "value": "2"},
        {"attribute_code": "category_ids", "value": []},
    ],
}
GET, POST = "GET /V1/products", "POST /V1/products"


async def test_a_product_shows_its_global_values() -> None:
    async with magento({GET: rows(PRODUCT)}) as (web, asked):
        found = await web.products.product("A/B")
    assert found is not None
    assert (found.enabled, found.price, found.websites) == (True, Decimal("30.99"), (1,))
    assert found.attributes == {"tax_class_id": "2"}
    assert asked.seen[0].raw_path.startswith("/rest/all/V1/products?")


async def test_a_sku_counts_letter_for_letter() -> None:
    async with magento({GET: rows(PRODUCT)}) as (web, _):
        assert await web.products.product("a/b") is None


@pytest.mark.rule("products.create_at_all")
@pytest.mark.rule("products.created_disabled")
async def test_a_product_is_created_for_all_stores_and_disabled() -> None:
    async with magento({GET: rows(), POST: PRODUCT}) as (web, asked):
        await web.products.create_product("A/B", {"name": "Tee", "price": Decimal("30.99"), "status": 1})
    product = {"name": "Tee", "price": 30.99, "status": 2, "sku": "A/B"}
    assert asked.sent == [("POST /all/V1/products", {"product": product})]


@pytest.mark.parametrize("sku", ["A/B", "a/b"])
async def test_a_product_that_is_there_is_not_created_over(sku: str) -> None:
    async with magento({GET: rows(PRODUCT)}) as (web, asked):
        with pytest.raises(Rejected, match="there is 'A/B' already"):
            await web.products.create_product(sku, {"name": "Tee"})
    assert asked.sent == []


@pytest.mark.rule("products.owned_fields")
async def test_an_update_names_only_what_it_changes() -> None:
    async with magento({GET: rows(PRODUCT), POST: PRODUCT | {"status": 2}}) as (web, asked):
        await web.products.update_product("A/B", {"name": "Tee"})
        assert not (await web.products.set_product_enabled("A/B", enabled=False)).enabled
    assert [body["product"] for _, body in asked.sent] == [{"name": "Tee", "sku": "A/B"}, {"status": 2, "sku": "A/B"}]


@pytest.mark.rule("products.no_put_of_unknown_sku")
@pytest.mark.parametrize("there", [[], [PRODUCT]])
async def test_an_unknown_sku_is_never_written(there: list[object]) -> None:
    async with magento({GET: rows(*there)}) as (web, asked):
        with pytest.raises(AliasMissing, match="there is no product 'a/b'") as caught:
            await web.products.update_product("a/b", {"name": "Tee"})
        with pytest.raises(AliasMissing):
            await web.products.set_product_enabled("a/b", enabled=True)
    assert (caught.value.sku, asked.sent) == ("a/b", [])


async def test_what_products_refer_to_is_found_by_name_and_read_once() -> None:
    answers = {
        "GET /V1/products/attributes/color/options": [[{"label": " ", "value": ""}, {"label": "Red", "value": "5"}]],
        "GET /V1/products/attributes/nope/options": refusal("no such attribute", 404),
        "GET /V1/taxClasses/search": rows({"class_id": 2, "class_name": "Taxable Goods", "class_type": "PRODUCT"}),
        "GET /V1/products/attribute-sets/sets/list": rows({"attribute_set_id": 4, "attribute_set_name": "Default"}),
    }
    async with magento(answers) as (web, asked):
        for _ in range(2):
            assert await web.catalogue.attribute_options("color") == {"Red": "5"}
            assert await web.catalogue.tax_classes() == {"Taxable Goods": 2}
            assert await web.catalogue.attribute_sets() == {"Default": 4}
        with pytest.raises(Rejected, match="no product attribute 'nope'"):
            await web.catalogue.attribute_options("nope")
    assert len(asked.seen) == 4
