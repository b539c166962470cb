"""Bundles that are shipped as one: their components leave together from one source, and the web store ships the row of
the bundle itself. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from streams.errors import Rejected
from streams.ports.web_orders import WebOrder, WebOrderLine

Units = Mapping[str, Decimal]
"""Pieces by the id of the order's row."""


def left_of(line: WebOrderLine, order: WebOrder, together: Collection[str]) -> Decimal:
    """Pieces of a row that are left to ship. What has left of a bundle that is shipped as one is told of its own row,
    and never of its components'.

    Args:
        line: the row.
        order: its order.
        together: ids of the bundles that are shipped as one.
    """
    if line.parent_id not in together:
        return line.left_to_ship
    bundle = next(each for each in order.lines if each.item_id == line.parent_id)
    return bundle.left_to_ship * line.ordered / bundle.ordered


def shipped_with_bundle(ordered: Decimal, *, bundles: Decimal, shipped: Decimal) -> Decimal:
    """Pieces of a component that left with its bundle.

    Args:
        ordered: pieces of the component.
        bundles: that were ordered.
        shipped: bundles that left by their own row.
    """
    return shipped * ordered / bundles


def with_shipped_components(lines: Sequence[WebOrderLine]) -> tuple[WebOrderLine, ...]:
    """An order's rows, in which the components of bundles that left by their own row have left with them.

    Each component that leaves by itself raises the bundle's count as well: once one of those is counted, they count.
    """
    in_parts = {line.parent_id for line in lines if line.shipped}
    wholes = {
        line.item_id: line
        for line in lines
        if line.product_type == "bundle" and line.shipped and line.item_id not in in_parts
    }
    return tuple(
        replace(line, shipped=shipped_with_bundle(line.ordered, bundles=bundle.ordered, shipped=bundle.shipped))
        if (bundle := wholes.get(line.parent_id)) is not None
        else line
        for line in lines
    )


def shipped_rows(units: Units, order: WebOrder, together: Collection[str], *, what: str) -> dict[str, Decimal]:
    """The rows to ship: of a bundle that is shipped as one its own, instead of its components'.

    Args:
        units: of single rows, components too.
        order: the web order.
        together: ids of the bundles that are shipped as one.
        what: for the message: ``shipment 17/3 of order 000000042``.

    Raises:
        Rejected: a part of such a bundle is shipped without the rest of it.
    """
    rows = dict(units)
    for bundle in (line for line in order.lines if line.item_id in together):
        parts = [line for line in order.lines if line.parent_id == bundle.item_id and not line.virtual]
        packed = {part.item_id: rows.pop(part.item_id, Decimal(0)) for part in parts}
        whole = {packed[part.item_id] * bundle.ordered / part.ordered for part in parts}
        if whole <= {Decimal(0)}:
            continue
        (count, *others) = whole
        if others or count % 1:
            raise _in_parts(bundle, {part.sku: packed[part.item_id] for part in parts}, what)
        rows[bundle.item_id] = count
    return rows


def _in_parts(bundle: WebOrderLine, packed: Mapping[str, Decimal], what: str) -> Rejected:
    told = ", ".join(f"{pieces.normalize():f} of '{sku}'" for sku, pieces in packed.items())
    return Rejected(
        f"{what} has {told}, which are parts of bundle '{bundle.sku}': it is shipped as one, from one store. Nothing "
        "was shipped. When the rest has left too, ship the bundle in Magento by hand, then discard this event; or set "
        "the bundle to be shipped separately there, and replay.",
        code="ship_together",
    )
