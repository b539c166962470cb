"""An invoice that came with the order is not posted as a payment again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected
from streams.sale.included import came_with_order

D = Decimal


@pytest.mark.parametrize(
    ("amount", "earlier", "at_export", "came"),
    [("10", "0", "10", True), ("5", "10", "15", True), ("5", "10", "10", False), ("10", "0", "0", False)],
)
def test_an_invoice_up_to_what_was_paid_at_the_export_came_with_the_order(
    amount: str, earlier: str, at_export: str, came: bool
) -> None:
    assert came_with_order(D(amount), D(earlier), D(at_export), order="42") is came


def test_an_amount_that_ends_within_an_invoice_is_for_a_person() -> None:
    with pytest.raises(Rejected, match=r"order 42 was exported with 12 paid, .* an invoice of 5 after 10"):
        came_with_order(D(5), D(10), D(12), order="42")


@given(amounts=st.lists(st.integers(1, 10_000), min_size=1, max_size=8), data=st.data())
def test_each_invoice_is_either_told_with_the_order_or_posted_and_both_make_what_was_paid(
    amounts: list[int], data: st.DataObject
) -> None:
    exported = data.draw(st.integers(0, len(amounts)))
    at_export = D(sum(amounts[:exported]))
    posted, earlier = D(0), D(0)
    for amount in amounts:
        if not came_with_order(D(amount), earlier, at_export, order="42"):
            posted += amount
        earlier += amount
    assert at_export + posted == sum(amounts)
