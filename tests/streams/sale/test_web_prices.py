"""What a product costs in a web store, from what it costs in each channel."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical.product import ChannelPrice, Product, SalePrice, TierPrice
from schemas.documents.channel import Channel
from streams.errors import Rejected
from streams.ports.web_prices import EVERYONE, GLOBAL, BasePrice, WebTierPrice
from streams.sale.prices import channel_prices, price_groups
from streams.sale.web_prices import Priced, base_prices, priced, special_prices, tier_prices

D = Decimal
AMOUNTS = st.decimals(0, 100_000, places=2)
RATES = st.decimals(0, 99, places=3)


def channel(name: str, store: int = 1, **more: object) -> Channel:
    values = {"name": name, "web": "web", "pos": "pos", "location": "MAIN", "store_id": store, "website_id": store}
    return Channel.model_validate(values | more)


def price(name: str, amount: str | None = "10.00", **more: object) -> ChannelPrice:
    return ChannelPrice.model_validate({"channel": name, "currency": "USD", "list_price": amount} | more)


def product(*prices: ChannelPrice) -> Product:
    values = {"ref": "pos:product:A1", "sku": "A1", "name": "Cap", "active": True, "updated_at": "2026-11-24T10:00:00Z"}
    return Product.model_validate(values | {"prices": prices})


US, CA = channel("us", 1), channel("ca", 2)


def both(one: ChannelPrice, other: ChannelPrice) -> list[Priced]:
    return priced(product(one, other), (US, CA))


@pytest.mark.rule("products.price_per_channel")
def test_channels_that_agree_share_the_global_price_and_others_have_their_own() -> None:
    same, apart = both(price("us"), price("ca")), both(price("us"), price("ca", "12.00"))
    assert base_prices("A1", same, everywhere=True) == [BasePrice("A1", D("10.00"), GLOBAL)]
    assert base_prices("A1", apart, everywhere=True) == [BasePrice("A1", D("10.00"), 1), BasePrice("A1", D("12.00"), 2)]


def test_a_price_is_not_global_where_another_channel_of_the_store_has_none() -> None:
    (only,) = base_prices("A1", priced(product(price("us")), (US,)), everywhere=False)
    assert only.store == 1
    (other,) = base_prices("A1", both(price("us"), price("ca", None)), everywhere=True)
    assert (other.store, other.amount) == (1, D("10.00"))


@pytest.mark.rule("products.promotion_keeps_list_price")
def test_a_sale_is_a_special_price_and_never_the_list_price() -> None:
    sale = SalePrice(amount=D(7), starts_at=datetime(2026, 11, 27, 6, 0, 0, 999, tzinfo=UTC))
    prices = both(price("us", sale_price=sale), price("ca"))
    assert {row.amount for row in base_prices("A1", prices, everywhere=True)} == {D("10.00")}
    (special,) = special_prices("A1", prices, everywhere=True)
    assert (special.amount, special.store, special.ends_at) == (D(7), 1, None)
    assert special.starts_at == datetime(2026, 11, 27, 6, tzinfo=UTC)


def test_a_sale_of_channels_in_several_time_zones_is_told_to_each_store_view() -> None:
    sale = SalePrice(amount=D(7))
    zones = (US, CA.model_copy(update={"time_zone": "America/Vancouver"}))
    prices = priced(product(price("us", sale_price=sale), price("ca", sale_price=sale)), zones)
    assert [row.store for row in special_prices("A1", prices, everywhere=True)] == [1, 2]
    alike = both(price("us", sale_price=sale), price("ca", sale_price=sale))
    assert [row.store for row in special_prices("A1", alike, everywhere=True)] == [GLOBAL]


def test_tiers_are_for_the_stores_groups_and_for_everyone() -> None:
    tiers = (TierPrice(group="vip", amount=D(8)), TierPrice(quantity=D(10), amount=D(9)))
    prices = both(price("us", tiers=tiers), price("ca"))
    found = tier_prices("A1", prices, {"vip": "Wholesale"}, everywhere=True)
    assert found == [
        WebTierPrice("A1", D(1), D(8), "Wholesale", 1),
        WebTierPrice("A1", D(10), D(9), EVERYONE, 1),
    ]
    shared = both(price("us", tiers=tiers), price("ca", tiers=tiers))
    assert {row.website for row in tier_prices("A1", shared, {"vip": "Wholesale"}, everywhere=True)} == {GLOBAL}
    assert price_groups([{"tiers": [{"group": "vip"}, {"group": ""}, {"group": "vip"}]}, {}]) == [{"group": "vip"}]


def test_two_tiers_of_one_website_are_for_a_person() -> None:
    views = (US, CA.model_copy(update={"website_id": 1}))
    tiers = [(TierPrice(quantity=D(10), amount=D(amount)),) for amount in (8, 9)]
    prices = priced(product(price("us", tiers=tiers[0]), price("ca", tiers=tiers[1])), views)
    with pytest.raises(Rejected, match="two prices for ALL GROUPS from 10 on in website 1, 8 and 9"):
        tier_prices("A1", prices, {}, everywhere=True)


@pytest.mark.rule("products.tax_inclusive_rate")
@pytest.mark.parametrize(("included", "mode"), [(True, "excluded"), (False, "included")])
def test_no_price_is_converted_without_a_rate(included: bool, mode: str) -> None:
    with pytest.raises(Rejected, match=r"set channels\.us\.tax_rate"):
        priced(product(price("us", tax_included=included)), [channel("us", tax_mode=mode)])


@pytest.mark.rule("products.tax_inclusive_rate")
@given(amount=AMOUNTS, rate=RATES)
def test_tax_put_on_a_price_and_taken_off_again_leaves_the_price(amount: Decimal, rate: Decimal) -> None:
    shown = channel("us", tax_mode="included", tax_rate=rate)
    (with_tax,) = priced(product(price("us", str(amount))), [shown])
    assert with_tax.price.list_price is not None
    assert abs(with_tax.price.list_price - amount * (1 + rate / 100)) <= D("0.005")
    back = price("us", str(with_tax.price.list_price), tax_included=True)
    (without,) = priced(product(back), [channel("us", tax_rate=rate)])
    assert without.price.list_price == amount


@given(amount=AMOUNTS)
def test_a_price_that_is_as_the_channel_shows_it_is_not_touched(amount: Decimal) -> None:
    told = price("us", str(amount), tax_included=True)
    (kept,) = priced(product(told), [channel("us", tax_mode="included", tax_rate=D(20))])
    assert kept.price == told


@pytest.mark.rule("money.base_currency")
def test_a_price_in_another_currency_is_not_taken_for_the_channels() -> None:
    with pytest.raises(Rejected, match="no price is converted from one currency to another"):
        priced(product(price("us", currency="EUR")), [US])


@pytest.mark.rule("channels.price_field")
def test_each_channel_has_its_own_price_field_and_one_without_a_value_has_no_price() -> None:
    context = {
        "channels": [
            {"name": "us", "currency": "USD", "price_field": "Price", "pos_tax_mode": "excluded"},
            {"name": "ca", "currency": "USD", "price_field": "PriceNorth", "pos_tax_mode": "included"},
            {"name": "eu", "currency": "USD", "price_field": "PriceEast", "pos_tax_mode": "excluded"},
            {"name": "de", "currency": "EUR", "price_field": "Price", "pos_tax_mode": "excluded"},
        ]
    }
    found = channel_prices(context, {"Currency": "USD", "Price": 10, "PriceNorth": 12})
    assert [(row["channel"], row["list_price"], row["tax_included"]) for row in found] == [
        ("us", 10, False),
        ("ca", 12, True),
        ("eu", None, False),
    ]


@pytest.mark.rule("channels.time_zone")
def test_a_time_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="'Texas' is no time zone"):
        channel("us", time_zone="Texas")
