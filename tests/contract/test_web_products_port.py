"""The contracts of `streams.ports.WebProducts`, `WebCatalogue` and `WebPrices`."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from streams.errors import AliasMissing, Rejected
from streams.ports import BasePrice, SpecialPrice, WebPrices, WebProducts, WebTierPrice
from tests.contract.systems import WebSystem

CHICAGO = ZoneInfo("America/Chicago")
NOON = datetime(2026, 11, 20, 18, tzinfo=UTC)


@pytest.fixture
def products(web: WebSystem) -> WebProducts:
    return web.connector.products


@pytest.fixture
def prices(web: WebSystem) -> WebPrices:
    return web.connector.prices


@pytest.fixture
async def sku(web: WebSystem, products: WebProducts) -> str:
    """A product of its own, with the slash that paths do not carry."""
    sku = f"C/{secrets.token_hex(4)}"
    sets = await web.connector.catalogue.attribute_sets()
    document = {"name": "Contract", "price": Decimal("9.99"), "type_id": "simple", "attribute_set_id": sets["Default"]}
    made = await products.create_product(sku, document)
    assert (made.sku, made.name, made.price) == (sku, "Contract", Decimal("9.99"))
    return sku


@pytest.mark.rule("products.created_disabled")
async def test_a_product_is_created_disabled_and_not_created_over(products: WebProducts, sku: str) -> None:
    found = await products.product(sku)
    assert found is not None
    assert not found.enabled
    for taken in (sku, sku.upper()):
        with pytest.raises(Rejected, match="already"):
            await products.create_product(taken, {"name": "Other"})
    assert await products.product(sku) == found
    assert await products.product(sku.upper() + "X") is None


@pytest.mark.rule("products.owned_fields")
async def test_an_update_keeps_what_it_does_not_name(products: WebProducts, sku: str) -> None:
    before = await products.product(sku)
    assert before is not None
    for _ in range(2):
        after = await products.update_product(sku, {"name": "Renamed", "short_description": "Soft"})
    assert after.attributes["short_description"] == "Soft"
    assert (after.name, after.price, after.enabled, after.websites) == ("Renamed", before.price, False, before.websites)
    assert (await products.set_product_enabled(sku, enabled=True)).enabled


@pytest.mark.rule("products.no_put_of_unknown_sku")
async def test_an_update_of_an_unknown_sku_makes_no_product(products: WebProducts, sku: str) -> None:
    with pytest.raises(AliasMissing):
        await products.update_product(f"{sku}-nope", {"name": "Typo"})
    assert await products.product(f"{sku}-nope") is None


async def test_they_are_counted(products: WebProducts, sku: str) -> None:
    assert await products.product(sku) is not None
    assert await products.count_products() > 1


async def test_what_products_refer_to_has_ids(web: WebSystem) -> None:
    assert await web.connector.catalogue.tax_classes()
    with pytest.raises(Rejected, match="no product attribute"):
        await web.connector.catalogue.attribute_options("no_such_attribute")


async def test_regular_prices_are_set_and_the_bad_ones_are_named(prices: WebPrices, sku: str) -> None:
    batch = [BasePrice(sku, Decimal("12.34")), BasePrice("no-such-sku", Decimal(1))]
    assert [problem.sku for problem in await prices.set_base_prices(batch)] == ["no-such-sku"]
    assert await prices.base_prices([sku, "no-such-sku"]) == (BasePrice(sku, Decimal("12.34")),)
    (problem,) = await prices.set_base_prices([BasePrice(sku, Decimal(-1))])
    assert problem.sku == sku


@pytest.mark.rule("products.sale_price")
async def test_a_sale_price_is_set_by_the_channels_clock_opened_and_taken_away(prices: WebPrices, sku: str) -> None:
    sale = SpecialPrice(sku, Decimal(5), NOON, NOON + timedelta(days=7))
    for price in (sale, SpecialPrice(sku, Decimal(4), NOON)):
        assert await prices.set_special_prices([price], CHICAGO) == ()
        assert await prices.special_prices([sku], CHICAGO) == (price,)
    for _ in range(2):
        assert await prices.delete_special_prices([sku], CHICAGO) == ()
    assert await prices.special_prices([sku], CHICAGO) == ()


@pytest.mark.rule("products.tier_prices")
async def test_tier_prices_are_set_and_the_bad_ones_are_named(prices: WebPrices, sku: str) -> None:
    good, bad = WebTierPrice(sku, Decimal(5), Decimal(7)), WebTierPrice("no-such-sku", Decimal(5), Decimal(7))
    assert [problem.sku for problem in await prices.set_tier_prices([good, bad])] == ["no-such-sku"]
    assert await prices.tier_prices([sku, "no-such-sku"]) == (good,)
    assert await prices.set_tier_prices([WebTierPrice(sku, Decimal(2), Decimal(8))]) == ()
    assert await prices.tier_prices([sku]) == (WebTierPrice(sku, Decimal(2), Decimal(8)),)
