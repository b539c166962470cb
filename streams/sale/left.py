"""What is left of a sale that was partly canceled before it reached the other system: only that is created there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.errors import Rejected
from streams.sale.exact import ZERO, cents, exact
from streams.sale.lines import line_amount

Line = Mapping[str, Any]


def lines_left(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Canonical lines (as JSON) with what is not canceled: quantity, and its share of discount and tax to the cent."""
    left = []
    for line in lines:
        ordered, canceled = exact(line["quantity"]), exact(line.get("canceled"))
        if canceled >= ordered:
            continue
        share = (ordered - canceled) / ordered
        left.append(
            {
                **line,
                "quantity": ordered - canceled,
                "discount": _share(line["discount"], share),
                "tax": _share(line["tax"], share),
            }
        )
    return left


def total_left(sale: Mapping[str, Any]) -> Decimal:
    """The canonical sale's (as JSON) total without what is canceled.

    Raises:
        Rejected: nothing is left, or what is left does not add up to what Magento still charges.
    """
    totals = sale["totals"]
    total = exact(totals["total"]) - exact(totals.get("canceled"))
    lines = lines_left(sale["lines"])
    if not lines:
        raise Rejected(
            f"order {sale['number']}: every line is canceled, there is nothing to create", code="all_canceled"
        )
    parts = sum((_net(line) for line in lines), ZERO) + _charges(sale)
    if cents(parts) != cents(total):
        raise Rejected(
            f"order {sale['number']} was partly canceled before it was exported: its remaining lines, tax and shipping "
            f"make {cents(parts)}, but Magento still charges {cents(total)}: enter what is left by hand, then discard",
            code="partly_canceled",
        )
    return total


def _net(line: Line) -> Decimal:
    gross = line_amount(exact(line["unit_price"]), exact(line["quantity"]))
    return gross - exact(line["discount"]) + exact(line["tax"])


def _charges(sale: Mapping[str, Any]) -> Decimal:
    shipping = sale["shipping"]
    charges = exact(shipping["amount"]) - exact(shipping["discount"]) + exact(shipping["tax"])
    for fee in sale.get("fees") or ():
        charges += exact(fee["amount"]) + exact(fee["tax"])
    return charges


def _share(value: object, share: Decimal) -> Decimal:
    amount = exact(value)
    return amount if share == 1 else cents(amount * share)
