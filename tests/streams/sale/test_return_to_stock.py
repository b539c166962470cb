"""What Magento puts back itself when the till has taken goods back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streams.errors import Rejected
from streams.sale.return_to_stock import RefundedRow, return_to_stock

D = Decimal


@pytest.mark.rule("money.return_to_stock_empty")
def test_what_was_wholly_shipped_is_not_listed() -> None:
    assert return_to_stock([RefundedRow("10", "CAP", D(2), D(0))], what="it") == frozenset()


@pytest.mark.rule("money.return_to_stock_unshipped")
def test_what_was_never_shipped_is_listed() -> None:
    rows = [RefundedRow("10", "CAP", D(0), D(2)), RefundedRow("11", "TEE", D(1), D(0))]
    assert return_to_stock(rows, what="it") == {"10"}


@pytest.mark.rule("money.return_part_shipped")
def test_what_was_shipped_in_part_is_for_a_person() -> None:
    with pytest.raises(Rejected, match="order 42 gives back 'CAP', of which 1 have been shipped and 2 not"):
        return_to_stock([RefundedRow("10", "CAP", D(1), D(2))], what="refund R1 of order 42")
