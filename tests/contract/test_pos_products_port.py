"""The contract of `streams.ports.PosProducts`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import Transient
from streams.ports import PosProducts
from tests.contract.systems import SKUS, PosSystem


@pytest.fixture
def products(pos: PosSystem) -> PosProducts:
    return pos.connector.products


async def test_a_known_sku_has_its_product_and_an_unknown_one_is_left_out(
    pos: PosSystem, products: PosProducts
) -> None:
    odd = {"no such, SKU", "a=b&c+d e", "ünï/cödé", pos.sku.lower()}
    found = await products.products({pos.sku} | odd)
    assert set(found) == {pos.sku}
    product = found[pos.sku]
    assert (product.sku, product.currency, product.active) == (pos.sku, "USD", True)
    assert product.name
    assert product.price > 0
    assert await products.products(odd) == {}
    assert await products.products(()) == {}


async def test_more_skus_than_fit_one_call_are_all_there(pos: PosSystem, products: PosProducts) -> None:
    many = {f"SKU-{number:05d}" for number in range(1, SKUS + 1)} if pos.faults.handle is not None else {pos.sku}
    assert set(await products.products(many | {f"NOPE-{number}" for number in range(150)})) == many


async def test_a_changed_product_is_listed_and_read_with_its_price_to_the_cent(
    pos: PosSystem, products: PosProducts
) -> None:
    before = (await products.products({pos.sku}))[pos.sku]
    changed = {"Price": before.price + Decimal("0.01"), "Active": False}
    await pos.client.change("PUT", "update_product", pos.sku, f"/v1/products/{pos.sku}", changed)
    after = (await products.products({pos.sku}))[pos.sku]
    assert (after.price, after.active) == (before.price + Decimal("0.01"), False)
    listing = await pos.connector.products.list_products(after.updated_at)
    assert [row["SKU"] for row in listing.rows] == [pos.sku]
    assert (await pos.connector.products.list_products(after.updated_at + timedelta(days=1))).rows == ()
    await pos.client.change("PUT", "update_product", pos.sku, f"/v1/products/{pos.sku}", {"Active": True})


async def test_a_read_that_fails_never_looks_as_if_products_were_gone(pos: PosSystem, products: PosProducts) -> None:
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="list_products"))
    with pytest.raises(Transient):
        await products.products({pos.sku})
