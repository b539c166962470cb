"""What validation rules ask besides plain comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.sale.exact import ZERO, cents, exact
from streams.sale.lines import line_amount


def present(value: object) -> bool:
    """Whether a mandatory field says something: not null, not blank, not an empty list or object; zero does."""
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and value not in ([], {})


def totals_add_up(sale: Mapping[str, Any]) -> bool:
    """Whether a canonical sale's total is what its parts make and what its tenders, due and canceled make, to the cent.

    The parts are added up again from lines, shipping and fees: the sums in ``totals`` may come from elsewhere.
    """
    totals, shipping = sale["totals"], sale["shipping"]
    lines: Sequence[Mapping[str, Any]] = sale["lines"]
    fees: Sequence[Mapping[str, Any]] = sale.get("fees") or ()
    goods = sum((line_amount(exact(line["unit_price"]), exact(line["quantity"])) for line in lines), ZERO)
    charged = goods - _sum([*lines, shipping], "discount") + _sum([*lines, shipping, *fees], "tax")
    charged += _sum([shipping, *fees], "amount")
    received = _sum(sale.get("tenders") or (), "amount")
    settled = received + exact(totals["due"]) + exact(totals.get("canceled"))
    return cents(charged) == cents(settled) == cents(exact(totals["total"]))


def _sum(parts: Sequence[Mapping[str, Any]], key: str) -> Decimal:
    return sum((exact(part[key]) for part in parts), ZERO)
