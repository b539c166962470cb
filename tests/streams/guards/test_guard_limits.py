"""What counts as a change that is guarded, and how many of them pass."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.guards.limits import LIMITS, price_change, zeroes
from streams.ports import GuardKind

PRICES = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(100_000), places=2)


@pytest.mark.rule("guards.on_by_default")
def test_every_kind_has_a_limit_that_nobody_has_to_turn_on() -> None:
    assert set(LIMITS) == set(GuardKind)


@pytest.mark.parametrize(
    ("kind", "population", "allowed"),
    [
        pytest.param(GuardKind.STOCK_ZEROED, 20_000, 1_000, marks=pytest.mark.rule("guards.mass_zero")),
        pytest.param(GuardKind.STOCK_ZEROED, 999, 49, marks=pytest.mark.rule("guards.mass_zero")),
        (GuardKind.STOCK_ZEROED, 3, 1),
        pytest.param(GuardKind.PRICE_CHANGED, 1_000, 50, marks=pytest.mark.rule("guards.mass_price_change")),
        pytest.param(GuardKind.PRICE_JUMPED, 1_000, 0, marks=pytest.mark.rule("guards.price_jump")),
        pytest.param(GuardKind.PRODUCT_DISABLED, 20_000, 20, marks=pytest.mark.rule("guards.mass_disable")),
        (GuardKind.PRODUCT_DISABLED, 3, 20),
    ],
)
def test_so_many_changes_pass_in_one_window(kind: GuardKind, population: int, allowed: int) -> None:
    assert LIMITS[kind].allowed(population) == allowed


@pytest.mark.parametrize(("before", "after", "expected"), [(3, 0, True), (0, 0, False), (3, 1, False), (0, 3, False)])
def test_only_goods_that_were_in_stock_are_zeroed(before: int, after: int, expected: bool) -> None:
    assert zeroes(Decimal(before), Decimal(after)) is expected


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("19.99", "19.99", None),
        ("19.99", "19.9900", None),
        ("10.00", "14.00", GuardKind.PRICE_CHANGED),
        ("10.00", "14.01", GuardKind.PRICE_JUMPED),
        ("10.00", "6.00", GuardKind.PRICE_CHANGED),
        ("10.00", "5.99", GuardKind.PRICE_JUMPED),
        pytest.param("10.00", "0", GuardKind.PRICE_JUMPED, marks=pytest.mark.rule("guards.price_zero")),
        ("0", "10.00", GuardKind.PRICE_JUMPED),
    ],
)
@pytest.mark.rule("guards.price_jump")
def test_a_price_that_moves_over_40_percent_or_to_0_is_a_jump(before: str, after: str, kind: GuardKind | None) -> None:
    assert price_change(Decimal(before), Decimal(after)) is kind


@pytest.mark.rule("guards.price_jump")
@given(PRICES, st.sampled_from([-3, -2, -1, 1, 2, 3]))
def test_a_slipped_decimal_is_a_jump_whichever_way_it_slips(price: Decimal, places: int) -> None:
    assert price_change(price, price.scaleb(places)) is GuardKind.PRICE_JUMPED
