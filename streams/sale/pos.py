"""What a point-of-sale order says about the units of each SKU."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streams.sale.exact import ZERO, exact

COMMITTED = frozenset({"open"})
"""Statuses in which Heartland counts an order's units as committed: placed, nothing handed over."""
TAKEN = frozenset({"fulfilled"})
"""Statuses in which it has taken them off its on hand. In every other status (canceled) it holds nothing for it."""


def pos_units(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Units per SKU of a `/v1` order: ``{sku, committed, taken}``, one entry per SKU, zeros included."""
    status = str(order.get("Status") or "").lower()
    quantities: dict[str, Decimal] = {}
    for line in order.get("LineItems") or ():
        sku = str(line["SKU"])
        quantities[sku] = quantities.get(sku, ZERO) + exact(line["Quantity"])
    return [
        {
            "sku": sku,
            "committed": quantity if status in COMMITTED else ZERO,
            "taken": quantity if status in TAKEN else ZERO,
        }
        for sku, quantity in quantities.items()
    ]
