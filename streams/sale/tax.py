"""Which rates make up a line's tax, as Magento charged it. Nothing is ever computed from a rate."""

from __future__ import annotations

from typing import Any

from streams.sale.exact import amount
from streams.sale.order import Node, extension, order_name

TaxParts = dict[str, list[dict[str, Any]]]
"""Item id → its tax parts, as `schemas.canonical.TaxPart`."""


def tax_parts(order: Node) -> TaxParts:
    """The applied taxes of every line, from the order's ``item_applied_taxes``."""
    subject = order_name(order)
    parts: TaxParts = {}
    for entry in extension(order).get("item_applied_taxes") or ():
        if entry.get("type") == "product" and entry.get("item_id") is not None:
            parts.setdefault(str(entry["item_id"]), []).extend(
                {
                    "code": str(tax.get("code") or tax.get("title") or ""),
                    "percent": amount(tax, "percent", subject),
                    "amount": amount(tax, "base_amount", subject),
                }
                for tax in entry.get("applied_taxes") or ()
            )
    return parts
