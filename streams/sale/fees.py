"""Charges beside the lines: fixed product taxes (weee) and gift wrapping."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from streams.sale.exact import ZERO, amount, exact
from streams.sale.order import Node, extension, line_name, order_name, rows

_WRAPPINGS = (
    ("Gift wrapping", "gw_base_price", "gw_base_tax_amount"),
    ("Gift wrapping of items", "gw_items_base_price", "gw_items_base_tax_amount"),
    ("Printed card", "gw_card_base_price", "gw_card_base_tax_amount"),
)
"""Adobe Commerce's gift options on the order's extension attributes: name, amount, tax."""


def sale_fees(order: Node) -> list[dict[str, Any]]:
    """The fees of a Magento order, as `schemas.canonical.Fee`.

    Raises:
        Rejected: an unusable amount; names order and key.
    """
    return [*_weee(order), *_gift_wrapping(order)]


def _weee(order: Node) -> list[dict[str, Any]]:
    """One fee per name of fixed product tax, over all lines that charge it."""
    fees: dict[str, list[Decimal]] = {}
    for item in rows(order):
        if item.get("product_type") == "bundle":
            continue  # its components carry it
        subject = line_name(order, item)
        charged = amount(item, "base_weee_tax_applied_row_amnt", subject)
        if charged == ZERO:
            continue
        applied = _applied(item)
        name = str(applied[0].get("title") or "") if applied else ""
        tax = sum((_tax_of(entry) for entry in applied), ZERO)
        fee = fees.setdefault(name or "Fixed product tax", [ZERO, ZERO])
        fee[0] += charged
        fee[1] += tax
    return [{"name": name, "amount": charged, "tax": tax} for name, (charged, tax) in fees.items()]


def _applied(item: Node) -> list[dict[str, Any]]:
    """``weee_tax_applied`` is a JSON text inside the JSON."""
    try:
        applied = json.loads(item.get("weee_tax_applied") or "[]")
    except (TypeError, ValueError):
        return []
    return [entry for entry in applied if isinstance(entry, dict)] if isinstance(applied, list) else []


def _tax_of(entry: dict[str, Any]) -> Decimal:
    if entry.get("base_row_amount_incl_tax") is None:
        return ZERO
    return exact(entry["base_row_amount_incl_tax"]) - exact(entry.get("base_row_amount"))


def _gift_wrapping(order: Node) -> list[dict[str, Any]]:
    subject = order_name(order)
    options = extension(order)
    fees = []
    for name, price_key, tax_key in _WRAPPINGS:
        price, tax = amount(options, price_key, subject), amount(options, tax_key, subject)
        if price or tax:
            fees.append({"name": name, "amount": price, "tax": tax})
    return fees
