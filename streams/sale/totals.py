"""The sums of a sale, and the proof that they explain what Magento charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.errors import Rejected
from streams.sale.exact import ZERO, amount, cents
from streams.sale.fees import sale_fees
from streams.sale.lines import line_amount, sale_lines
from streams.sale.order import Node, extension, order_name
from streams.sale.shipping import sale_shipping
from streams.sale.tenders import prepaid, sale_tenders

Parts = Sequence[Mapping[str, Any]]


def sale_totals(context: Mapping[str, Any], order: Node) -> dict[str, Any]:
    """The totals of a Magento order, as `schemas.canonical.Totals`.

    The sale's total is ``base_grand_total`` + gift cards + store credit + reward points; it must be exactly what
    lines, discounts, tax, shipping and fees make, and exactly what is paid, due and canceled.

    Raises:
        Rejected: an amount that nothing explains; says how much and which field.
    """
    lines, shipping, fees = sale_lines(order), sale_shipping(order), sale_fees(order)
    totals = {
        "lines": sum((line_amount(line["unit_price"], line["quantity"]) for line in lines), ZERO),
        "discount": _sum(lines, "discount") + shipping["discount"],
        "tax": _sum(lines, "tax") + shipping["tax"] + _sum(fees, "tax"),
        "shipping": shipping["amount"],
        "fees": _sum(fees, "amount"),
    }
    subject = order_name(order)
    parts = totals["lines"] - totals["discount"] + totals["tax"] + totals["shipping"] + totals["fees"]
    total = amount(order, "base_grand_total", subject) + prepaid(order)
    if cents(parts) != cents(total):
        raise Rejected(_unexplained(order, totals, parts, total), code="unexplained_amount")
    canceled = amount(order, "base_total_canceled", subject)
    due = amount(order, "base_total_due", subject) - canceled
    paid = _sum(sale_tenders(context, order), "amount")
    if cents(paid + due + canceled) != cents(total):
        raise Rejected(
            f"{subject}: {total} was charged, but {paid} paid, {due} due and {canceled} canceled make "
            f"{paid + due + canceled} (base_total_paid, base_total_due, base_total_canceled): look at its payments in "
            "Magento, then replay",
            code="unexplained_payment",
        )
    return totals | {"total": total, "due": due, "canceled": canceled}


def _sum(parts: Parts, key: str) -> Decimal:
    return sum((part[key] for part in parts), ZERO)


def _unexplained(order: Node, totals: Mapping[str, Decimal], parts: Decimal, total: Decimal) -> str:
    """Say how much nothing explains, and which of the order's own sums its lines do not make."""
    subject = order_name(order)
    suspects = [
        f"{field} is {stated}, its lines and shipping make {made}"
        for field, stated, made in (
            ("base_subtotal", amount(order, "base_subtotal", subject), totals["lines"]),
            ("base_discount_amount", -amount(order, "base_discount_amount", subject), _discounts(order)),
            ("base_tax_amount", amount(order, "base_tax_amount", subject), totals["tax"]),
        )
        if cents(stated) != cents(made)
    ]
    if extension(order).get("custom_fees"):
        suspects.append("it has custom_fees, which are not mapped")
    where = "; ".join(suspects) or "no field of the order names it: look for a fee that an extension adds"
    return (
        f"{subject} does not add up: its total (base_grand_total, with what was prepaid) is {cents(total)}, but lines, "
        f"tax, shipping and fees make {cents(parts)}: {cents(total - parts)} is unexplained ({where}). Enter the "
        "order by hand, or mend its mapping and replay"
    )


def _discounts(order: Node) -> Decimal:
    """Discounts as Magento states them, tax included where prices include tax."""
    subject = order_name(order)
    items = sum(
        (
            amount(item, "base_discount_amount", subject)
            for item in order["items"]
            if item.get("parent_item_id") is None
        ),
        ZERO,
    )
    return items + amount(order, "base_shipping_discount_amount", subject)
