"""Weights, lengths, rounding, points, and where something comes from."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.enrich import loyalty_points, source_system
from streams.engine.units import convert, rounded

UNITS = [("kg", "lb"), ("kg", "oz"), ("lb", "oz"), ("g", "oz"), ("cm", "in"), ("m", "in"), ("mm", "cm")]


@pytest.mark.parametrize(
    ("value", "given_unit", "wanted", "result"),
    [
        (1, "lb", "oz", "16.0000"),
        ("5", "lbs", "kg", "2.2680"),
        (1, "kg", "lb", "2.2046"),
        (0.1, "in", "cm", "0.2540"),
        (2.54, "cm", "inch", "1.0000"),
        (0, "g", "kg", "0.0000"),
    ],
)
def test_a_weight_or_a_length_in_another_unit(value: object, given_unit: str, wanted: str, result: str) -> None:
    assert convert(value, given_unit, wanted) == Decimal(result)


def test_what_has_no_weight_stays_without() -> None:
    assert convert(None, "lb", "kg") is None


@pytest.mark.parametrize(("one", "other"), [("lb", "cm"), ("stone", "kg"), ("kg", "")])
def test_a_weight_is_no_length(one: str, other: str) -> None:
    with pytest.raises(ValueError, match="cannot be told in"):
        convert(1, one, other)


@given(st.decimals(min_value=0, max_value=10_000, places=2), st.sampled_from(UNITS))
def test_there_and_back_differs_by_rounding_only(value: Decimal, units: tuple[str, str]) -> None:
    there = convert(value, *units)
    back = convert(there, *reversed(units))
    assert back is not None
    assert abs(back - value) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("value", "places", "result"),
    [("2.675", 2, "2.68"), (2.675, 2, "2.68"), ("-0.005", 2, "-0.01"), ("0.5", 0, "1"), (None, 2, "0.00"), (7, 4, "7")],
)
def test_half_of_the_last_decimal_is_rounded_away_from_zero(value: object, places: int, result: str) -> None:
    assert rounded(value, places) == Decimal(result)


def test_decimals_have_a_limit() -> None:
    with pytest.raises(ValueError, match="not between 0 and 8"):
        rounded(1, 9)
    with pytest.raises(ValueError, match="is not a number"):
        rounded("much")


@pytest.mark.parametrize(
    ("amount", "rate", "points"), [("19.99", 1, 19), (100, "0.1", 10), (None, 1, 0), ("-5", 1, 0), ("9.99", "0.1", 0)]
)
def test_points_are_whole_and_never_less_than_none(amount: object, rate: object, points: int) -> None:
    assert loyalty_points(amount, rate) == points


def test_an_entity_says_where_it_comes_from() -> None:
    assert source_system("web:order:42") == "web"
    with pytest.raises(ValueError, match="42"):
        source_system("42")
