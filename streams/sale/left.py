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
        Rejected: nothing is left, or what is left, each amount in cents, is not what Magento still charges.
    """
    totals = sale["totals"]
    total = exact(totals["total"]) - exact(totals.get("canceled"))
    lines = lines_left(sale["lines"])
    if not lines:
        raise Rejected(
            f"order {sale['number']}: every line is canceled, there is nothing to create", code="all_canceled"
        )
    parts = sum((_net(line) for line in lines), ZERO) + _charges(sale)
    if parts != cents(total):
        raise Rejected(_does_not_add_up(sale, parts, cents(total)), code="does_not_add_up")
    return total


def _does_not_add_up(sale: Mapping[str, Any], parts: Decimal, total: Decimal) -> str:
    if exact(sale["totals"].get("canceled")):
        return (
            f"order {sale['number']} was partly canceled before it was exported: its remaining lines, tax and shipping "
            f"make {parts}, but Magento still charges {total}: enter what is left by hand, then discard it"
        )
    return (
        f"order {sale['number']} has amounts with parts of a cent: rounded one by one they make {parts}, but Magento "
        f"charges {total}: enter it by hand, then discard it"
    )


def _net(line: Line) -> Decimal:
    gross = line_amount(exact(line["unit_price"]), exact(line["quantity"]))
    return gross - cents(exact(line["discount"])) + cents(exact(line["tax"]))


def _charges(sale: Mapping[str, Any]) -> Decimal:
    shipping = sale["shipping"]
    charges = cents(exact(shipping["amount"])) - cents(exact(shipping["discount"])) + cents(exact(shipping["tax"]))
    for fee in sale.get("fees") or ():
        charges += cents(exact(fee["amount"])) + cents(exact(fee["tax"]))
    return charges


def _share(value: object, share: Decimal) -> Decimal:
    amount = exact(value)
    return amount if share == 1 else cents(amount * share)
