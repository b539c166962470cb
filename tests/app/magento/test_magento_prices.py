"""Prices: which row of a batch was not taken, and whose clock a sale runs by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.magento.times import read_time, write_time
from streams.errors import OutcomeUnknown
from streams.ports import BasePrice, PriceProblem, SpecialPrice, WebTierPrice
from tests.app.magento.magento_answers import magento, refusal

CHICAGO = ZoneInfo("America/Chicago")
INVALID = "Invalid attribute %fieldName = %fieldValue."
REFUSED = [
    {"message": INVALID, "parameters": ["SKU", "NOPE"]},
    {"message": INVALID, "parameters": ["Price", "-1"]},
]
BASE, SPECIAL, TIER = (f"/V1/products/{kind}" for kind in ("base-prices", "special-price", "tier-prices"))
SALE = SpecialPrice(
    "S4", Decimal(35), datetime(2026, 11, 20, 6, tzinfo=UTC), datetime(2027, 1, 1, 5, 59, 59, tzinfo=UTC)
)
SHOWN: dict[str, Any] = {
    "sku": "S4",
    "store_id": 0,
    "price": 35,
    "price_from": "2026-11-20 00:00:00",
    "price_to": "2026-12-31 23:59:59",
}


def base(sku: str, price: float) -> dict[str, Any]:
    return {"sku": sku, "store_id": 0, "price": price}


async def test_rows_that_magento_refuses_without_naming_them_are_found_by_what_it_shows() -> None:
    prices = [BasePrice("S4", Decimal("39.99")), BasePrice("NOPE", Decimal(1)), BasePrice("S5", Decimal(-1))]
    shown = [base("S4", 39.99), base("S5", 12)]
    async with magento({f"POST {BASE}": [REFUSED], f"POST {BASE}-information": [shown]}) as (web, asked):
        problems = await web.prices.set_base_prices(prices)
    assert [problem.sku for problem in problems] == ["NOPE", "S5"]
    assert "NOPE" in problems[0].reason or INVALID in problems[0].reason
    rows = [{"sku": one.sku, "price": float(one.amount), "store_id": 0} for one in prices]
    assert asked.sent == [(f"POST /all{BASE}", {"prices": rows})]


async def test_each_sku_has_its_own_reason_and_else_those_that_name_none() -> None:
    prices = [BasePrice("NOPE", Decimal(1)), BasePrice("S5", Decimal(-1))]
    named = [{"message": "no %1", "parameters": ["NOPE"]}, {"message": "bad price"}]
    async with magento({f"POST {BASE}": [named], f"POST {BASE}-information": [[]]}) as (web, _):
        problems = await web.prices.set_base_prices(prices)
    assert problems == (PriceProblem("NOPE", "no NOPE"), PriceProblem("S5", "bad price"))


async def test_a_price_that_was_taken_in_silence_and_is_not_shown_is_a_problem_too() -> None:
    async with magento({f"POST {BASE}": [[]], f"POST {BASE}-information": [[base("S4", 1)]]}) as (web, _):
        (problem,) = await web.prices.set_base_prices([BasePrice("S4", Decimal(2))])
    assert problem.sku == "S4"
    assert "shows another price" in problem.reason


async def test_prices_that_could_not_be_read_back_are_an_unknown_outcome() -> None:
    answers: dict[str, Any] = {f"POST {BASE}": [[]], f"POST {BASE}-information": refusal("", 500)}
    async with magento(answers) as (web, _):
        with pytest.raises(OutcomeUnknown, match="set_base_prices for SKU S4"):
            await web.prices.set_base_prices([BasePrice("S4", Decimal(2))])


async def test_nothing_is_asked_about_nothing() -> None:
    async with magento({}) as (web, asked):
        assert await web.prices.set_base_prices([]) == ()
        assert await web.prices.set_special_prices([], CHICAGO) == ()
        assert await web.prices.delete_special_prices([], CHICAGO) == ()
        assert await web.prices.set_tier_prices([]) == ()
    assert asked.seen == []


@pytest.mark.rule("products.sale_price")
async def test_a_sale_runs_by_the_channels_clock() -> None:
    answers = {f"POST {SPECIAL}": [[]], f"POST {SPECIAL}-information": [[], [SHOWN]]}
    async with magento(answers) as (web, asked):
        assert await web.prices.set_special_prices([SALE], CHICAGO) == ()
        assert await web.prices.special_prices(["S4"], CHICAGO) == (SALE,)
    assert asked.sent == [(f"POST /all{SPECIAL}", {"prices": [SHOWN]})]


async def test_an_old_end_goes_before_a_price_without_one_is_set() -> None:
    open_ended = SpecialPrice("S4", Decimal(35), SALE.starts_at)
    without = {key: one for key, one in SHOWN.items() if key != "price_to"}
    answers = {
        f"POST {SPECIAL}": [[]],
        f"POST {SPECIAL}-delete": [[]],
        f"POST {SPECIAL}-information": [[SHOWN], [without]],
    }
    async with magento(answers) as (web, asked):
        assert await web.prices.set_special_prices([open_ended], CHICAGO) == ()
    assert asked.sent == [
        (f"POST /all{SPECIAL}-delete", {"prices": [SHOWN]}),
        (f"POST /all{SPECIAL}", {"prices": [without]}),
    ]


async def test_a_sale_with_another_end_than_was_sent_is_a_problem() -> None:
    other = SHOWN | {"price_to": "2026-12-30 23:59:59"}
    async with magento({f"POST {SPECIAL}": [[]], f"POST {SPECIAL}-information": [[], [other]]}) as (web, _):
        (problem,) = await web.prices.set_special_prices([SALE], CHICAGO)
    assert problem.sku == "S4"


async def test_a_special_price_is_taken_away_by_the_row_that_is_there() -> None:
    answers = {f"POST {SPECIAL}-delete": [[]], f"POST {SPECIAL}-information": [[SHOWN], []]}
    async with magento(answers) as (web, asked):
        assert await web.prices.delete_special_prices(["S4", "S5"], CHICAGO) == ()
        assert await web.prices.delete_special_prices(["S4"], CHICAGO) == ()
    assert asked.sent == [(f"POST /all{SPECIAL}-delete", {"prices": [SHOWN]})]


@pytest.mark.rule("products.tier_prices")
async def test_tier_prices_are_set_as_the_whole_list_of_their_skus() -> None:
    row = {
        "sku": "S4",
        "price": 30,
        "price_type": "fixed",
        "website_id": 0,
        "customer_group": "ALL GROUPS",
        "quantity": 5,
    }
    answers = {f"PUT {TIER}": [[]], f"POST {TIER}-information": [[row]]}
    async with magento(answers) as (web, asked):
        assert await web.prices.set_tier_prices([WebTierPrice("S4", Decimal(5), Decimal(30))]) == ()
        (problem,) = await web.prices.set_tier_prices([WebTierPrice("S4", Decimal(6), Decimal(30))])
    assert asked.sent[0] == (f"PUT /all{TIER}", {"prices": [row]})
    assert problem.sku == "S4"


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@given(moments)
def test_a_time_comes_back_from_the_wall_it_was_written_on(moment: datetime) -> None:
    told = read_time(write_time(moment, CHICAGO), CHICAGO)
    assert abs(told - moment) in (timedelta(0), timedelta(hours=1))  # the hour that a clock shows twice
    assert read_time(write_time(moment)) == moment
