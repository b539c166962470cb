"""An invoice that came with the order is not posted as a payment again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected
from streams.sale.included import Paid, included

D = Decimal
INVOICES = (Paid("1", D("10.00")), Paid("2", D("5.50")), Paid("3", D("4.50")))


@pytest.mark.parametrize(("at_export", "found"), [("0", ""), ("10.00", "1"), ("15.50", "12"), ("20.00", "123")])
def test_invoices_up_to_what_was_paid_at_the_export_were_told_with_it(at_export: str, found: str) -> None:
    assert included(INVOICES, D(at_export), order="42") == set(found)


@pytest.mark.parametrize("at_export", ["3.00", "12.00", "25.00"])
def test_an_amount_that_no_invoices_make_is_for_a_person(at_export: str) -> None:
    with pytest.raises(Rejected, match=f"order 42 was exported with {at_export} paid, but its invoices make"):
        included(INVOICES, D(at_export), order="42")


def test_money_that_came_without_an_invoice_leaves_every_later_invoice_to_a_person() -> None:
    with pytest.raises(Rejected):
        included(INVOICES[:1], D(12), order="42")


@given(amounts=st.lists(st.integers(1, 10_000), min_size=1, max_size=8), data=st.data())
def test_each_invoice_is_either_told_with_the_order_or_posted_and_both_make_what_was_paid(
    amounts: list[int], data: st.DataObject
) -> None:
    invoices = [Paid(str(number), D(amount) / 100) for number, amount in enumerate(amounts)]
    count = data.draw(st.integers(0, len(invoices)))
    at_export = sum((invoice.amount for invoice in invoices[:count]), D(0))
    told = included(invoices, at_export, order="42")
    assert sum((invoice.amount for invoice in invoices if invoice.invoice in told), D(0)) == at_export
