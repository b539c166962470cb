"""However a line is refunded, its parts make the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sale.refunded import refunded_part

WHOLE = st.decimals(0, 99_999, places=4)
SPLIT = st.lists(st.decimals("0.0001", 50, places=4), min_size=1, max_size=12)


@given(WHOLE, SPLIT)
def test_a_line_refunded_in_any_split_gives_back_all_of_it_and_never_less_than_nothing(
    whole: Decimal, split: list[Decimal]
) -> None:
    pieces, parts, before = sum(split, Decimal(0)), [], Decimal(0)
    for now in split:
        parts.append(refunded_part(whole, pieces, before, now))
        before += now
    assert sum(parts) == whole
    assert all(part >= 0 for part in parts)


def test_each_part_is_in_whole_cents_and_the_last_takes_the_rest() -> None:
    ten, three, one = Decimal("10.00"), Decimal(3), Decimal(1)
    parts = [refunded_part(ten, three, Decimal(before), one) for before in range(3)]
    assert parts == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]


@pytest.mark.parametrize(("before", "now"), [("0", "0"), ("0", "-1"), ("-1", "1"), ("2", "1.5"), ("3", "0.0001")])
def test_more_than_is_left_is_refused(before: str, now: str) -> None:
    with pytest.raises(ValueError, match=f"{now} of 3 pieces cannot be refunded after {before}"):
        refunded_part(Decimal(10), Decimal(3), Decimal(before), Decimal(now))
