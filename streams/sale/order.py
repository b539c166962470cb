"""How to read a Magento order's JSON: its name, its rows, its extension attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.errors import Rejected

Node = Mapping[str, Any]
"""An object of an order's JSON."""


def order_name(order: Node) -> str:
    """What messages call it: ``order 000000042``."""
    return f"order {order.get('increment_id') or order.get('entity_id') or 'without a number'}"


def line_name(order: Node, item: Node) -> str:
    """What messages call one line of it."""
    return f"{order_name(order)}, line {item.get('item_id', '?')} (SKU '{item.get('sku', '')}')"


def extension(node: Node) -> Node:
    """The node's extension attributes; Magento leaves the key out when there are none."""
    found = node.get("extension_attributes")
    return found if isinstance(found, dict) else {}


def rows(order: Node) -> list[Node]:
    """The order's item rows: what the customer chose, and the children of configurables and bundles.

    Raises:
        Rejected: no rows, or a row that is not one.
    """
    items = order.get("items")
    if not isinstance(items, list) or not items:
        raise Rejected(f"{order_name(order)} has no lines: look at it in Magento, then replay", code="no_lines")
    for item in items:
        if not isinstance(item, dict) or item.get("item_id") is None:
            raise Rejected(
                f"{order_name(order)} has a line without item_id: look at it in Magento, then replay", code="no_item_id"
            )
    return items


def shipping_assignment(order: Node) -> Node:
    """The ``shipping`` node of the first assignment; Magento makes one, and none for virtual orders."""
    assignments = extension(order).get("shipping_assignments")
    if isinstance(assignments, list) and assignments and isinstance(assignments[0], dict):
        found = assignments[0].get("shipping")
        return found if isinstance(found, dict) else {}
    return {}
