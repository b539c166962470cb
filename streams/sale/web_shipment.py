"""A Magento shipment (GET /V1/shipment/:id) in the words of `schemas.canonical.Shipment`.

Its rows name the order's: a configurable by its parent. ``order`` in it is the order's head with its rows, read with
it: whether all has left is judged by them, for an order's state may say complete before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from streams.sale.bundle_together import shipped_with_bundle
from streams.sale.exact import ZERO, exact
from streams.sale.order import Node, extension

DEFAULT_SOURCE = "default"


def web_shipment_lines(shipment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its pieces by row and SKU; a row of nothing is none. A bundle that left by its own row is its components: the
    point of sale has them, and no bundle."""
    rows = [row for row in shipment.get("items") or () if isinstance(row, dict) and exact(row.get("qty")) > ZERO]
    named = {str(row["order_item_id"]) for row in rows}
    items = _ordered(shipment)
    lines: list[dict[str, Any]] = []
    for row in rows:
        item_id, quantity = str(row["order_item_id"]), exact(row.get("qty"))
        item = next((each for each in items if str(each["item_id"]) == item_id), row)
        if item.get("product_type") != "bundle":
            lines.append(_line(item_id, row, quantity))
            continue
        parts = {str(each["item_id"]): each for each in items if str(each.get("parent_item_id")) == item_id}
        if named.isdisjoint(parts):  # else they left by their own rows
            bundles = exact(item["qty_ordered"])
            lines += [
                _line(part_id, part, shipped_with_bundle(exact(part["qty_ordered"]), bundles=bundles, shipped=quantity))
                for part_id, part in parts.items()
                if not part.get("is_virtual")
            ]
    return lines


def web_shipment_location(context: Mapping[str, Any], shipment: Node) -> str | None:
    """The point of sale's location whose source it left; null for a source that is no location's. Without Magento's
    inventory modules a shipment names none, and the one stock item is the default source's."""
    source = extension(shipment).get("source_code") or DEFAULT_SOURCE
    sources: Mapping[str, str] = (context.get("channel") or {}).get("sources") or {}
    return next((location for location, each in sources.items() if each == source), None)


def web_shipment_completes(shipment: Node) -> bool:
    """Whether nothing of the order is left to ship. Virtual rows are never shipped."""
    items = _ordered(shipment)
    rows = [row for item in items if not item.get("parent_item_id") for row in _shipped_rows(item, items)]
    return bool(items) and not any(_left(row) > ZERO for row in rows if not row.get("is_virtual"))


def web_shipment_unseen(shipment: Node) -> bool:
    """Whether no change of the order surely shows that its pieces have left: Magento moves an order's ``updated_at``
    only for a shipment that changes its state.

    It tells whole seconds. What moved the order in the shipment's own second may have been the invoice before it.
    """
    return str((shipment.get("order") or {}).get("updated_at") or "") <= str(shipment.get("created_at") or "")


def _ordered(shipment: Node) -> list[Node]:
    """The rows of its order."""
    return [item for item in (shipment.get("order") or {}).get("items") or () if isinstance(item, dict)]


def _line(item_id: str, row: Node, quantity: Decimal) -> dict[str, Any]:
    return {"line_id": item_id, "sku": str(row.get("sku") or ""), "quantity": quantity}


def _shipped_rows(item: Node, items: Sequence[Node]) -> Sequence[Node]:
    """A bundle leaves by its own row, or by its components', each of which raises the bundle's count as well: once one
    of those is counted, they are what counts."""
    if item.get("product_type") != "bundle":
        return [item]
    parts = [each for each in items if each.get("parent_item_id") == item.get("item_id")]
    return parts if any(exact(part.get("qty_shipped")) > ZERO for part in parts) else [item]


def _left(item: Node) -> Any:
    gone = max(exact(item.get("qty_shipped")), exact(item.get("qty_refunded")))
    return exact(item.get("qty_ordered")) - gone - exact(item.get("qty_canceled"))
