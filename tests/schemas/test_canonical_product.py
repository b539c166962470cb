"""A product has one price of each kind in each channel, and a price that is not known is not 0."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.canonical import Product
from tests.schemas.golden import golden

PRICE = {"channel": "main", "currency": "USD", "list_price": "25"}


def product(name: str = "simple", **changes: Any) -> Product:
    return Product.model_validate(golden("product", name, schema_version=2, **changes))


def test_no_list_price_is_not_a_price_of_zero() -> None:
    assert product("without_a_price").prices[0].list_price is None
    assert product("inactive").prices[0].list_price == 0
    with pytest.raises(ValidationError, match=r"list_price\n.*Field required"):
        product(prices=[{"channel": "main", "currency": "USD"}])


def test_a_sale_price_stands_beside_the_list_price() -> None:
    (main, _) = product("variant_on_sale_with_tiers").prices
    assert main.sale_price is not None
    assert main.list_price is not None
    assert main.sale_price.amount < main.list_price


@pytest.mark.parametrize("ends", ["2026-11-27T05:00:00Z", "2026-11-26T00:00:00Z"])
def test_a_sale_ends_after_it_starts(ends: str) -> None:
    sale = {"amount": "19.99", "starts_at": "2026-11-27T00:00:00-05:00", "ends_at": ends}
    with pytest.raises(ValidationError, match="before it starts"):
        product(prices=[{**PRICE, "sale_price": sale}])


def test_a_sale_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        product(prices=[{**PRICE, "sale_price": {"amount": "19.99", "ends_at": "2026-12-01T00:00:00"}}])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prices": [PRICE, {**PRICE, "list_price": "26"}]}, "the price of channel 'main' is given 2 times"),
        (
            {"prices": [{**PRICE, "tiers": [{"amount": 1}, {"amount": 2, "quantity": "1.0"}]}]},
            "the tier ' from 1' is given 2 times",
        ),
        ({"attributes": [{"code": "a", "value": "1"}, {"code": "a", "value": "1"}]}, "the attribute 'a'"),
        ({"variant": {"parent": "C", "options": [{"code": "size", "value": v} for v in "SM"]}}, "the option 'size'"),
    ],
)
def test_nothing_is_said_twice(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        product(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"prices": [{**PRICE, "list_price": "-1"}]},
        {"prices": [{**PRICE, "currency": "dollars"}]},
        {"prices": [{**PRICE, "tiers": [{"quantity": 0, "amount": 1}]}]},
        {"variant": {"parent": "C", "options": []}},
        {"images": [{"url": "https://pos.example.com/1.jpg", "sha256": "short"}]},
        {"weight": {"amount": 1, "unit": "stone"}},
        {"sku": ""},
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        product(**changes)
