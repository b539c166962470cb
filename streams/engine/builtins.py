"""The functions that every mapping document may call. CONTRIBUTING tells how to add one."""

from __future__ import annotations

from streams.engine import functions
from streams.engine.functions import Registry
from streams.sale import export, fees, left, lines, outward, pos, shipping, tenders, totals


def registry() -> Registry:
    """A registry with all of them."""
    known = Registry()
    for call in (
        functions.text,
        functions.upper,
        functions.lower,
        functions.trim,
        functions.flag,
        functions.utc,
        export.sale_export,
        fees.sale_fees,
        left.lines_left,
        left.total_left,
        lines.sale_lines,
        outward.money,
        outward.number,
        outward.payment_status,
        outward.pos_address,
        outward.pos_location,
        outward.pos_sku,
        outward.public_id,
        outward.source_items,
        outward.status_comment,
        outward.status_marker,
        pos.pos_units,
        shipping.sale_shipping,
        tenders.sale_tenders,
        totals.sale_totals,
    ):
        known.add(call)
    known.add(functions.context_value, "context")
    return known


FUNCTIONS = registry()
