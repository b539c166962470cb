"""A refund of a Heartland order (an entry of its ``Refunds``) in the words of `schemas.canonical.Refund`.

It names pieces of a SKU and one amount. What the pieces cost follows from the order's lines; what the amount has more
is goodwill, what it has less was kept back (a restocking fee).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streams.errors import Rejected
from streams.sale.exact import ZERO, exact
from streams.sale.lines import line_amount
from streams.sale.refunded import refunded_part

Node = Mapping[str, Any]


def pos_refund_lines(context: Mapping[str, Any], refund: Node) -> list[dict[str, Any]]:
    """The refunded lines, each with its part of the line's price, discount and tax to the cent.

    Args:
        context: ``whole`` is the order.
        refund: the entry.

    Raises:
        Rejected: pieces of a SKU that the order does not have, or more than are left of it.
    """
    order: Node = context["whole"]
    before = _refunded_before(order, refund)
    lines: list[dict[str, Any]] = []
    for wanted in refund.get("Lines") or ():
        lines += _parts(order, refund, wanted, before)
    return lines


def pos_refund_adjustment(context: Mapping[str, Any], refund: Node) -> Decimal:
    """What the amount has more (above zero) or less (below) than its goods cost. Raises Rejected as the lines do."""
    goods = sum((line["amount"] - line["discount"] + line["tax"] for line in pos_refund_lines(context, refund)), ZERO)
    return exact(refund.get("Amount")) - goods


def pos_refund_kept(context: Mapping[str, Any], refund: Node) -> Decimal:
    """What was kept back, zero or more."""
    return max(-pos_refund_adjustment(context, refund), ZERO)


def pos_refund_given(context: Mapping[str, Any], refund: Node) -> Decimal:
    """What was given back beyond the goods, zero or more."""
    return max(pos_refund_adjustment(context, refund), ZERO)


def _refunded_before(order: Node, refund: Node) -> list[Decimal]:
    """Pieces of each line of the order that earlier entries gave back, in the order's lines."""
    before = [ZERO for _ in order["LineItems"]]
    for entry in order.get("Refunds") or ():
        if entry.get("RefundID") == refund.get("RefundID"):
            break
        for wanted in entry.get("Lines") or ():
            for number, pieces in _spread(order, before, wanted["SKU"], exact(wanted["Quantity"]), entry):
                before[number] += pieces
    return before


def _parts(order: Node, refund: Node, wanted: Node, before: list[Decimal]) -> list[dict[str, Any]]:
    parts = []
    for number, pieces in _spread(order, before, wanted["SKU"], exact(wanted["Quantity"]), refund):
        line = order["LineItems"][number]
        whole = exact(line["Quantity"])
        amounts = {
            "amount": line_amount(exact(line["Price"]), whole),
            "discount": exact(line.get("Discount")),
            "tax": exact(line.get("Tax")),
        }
        part = {name: refunded_part(value, whole, before[number], pieces) for name, value in amounts.items()}
        restocked = bool(wanted.get("Restocked"))
        parts.append({"sku": str(line["SKU"]), "quantity": pieces, "restocked": restocked, **part})
        before[number] += pieces
    return parts


def _spread(order: Node, before: list[Decimal], sku: str, pieces: Decimal, refund: Node) -> list[tuple[int, Decimal]]:
    """The pieces of a SKU on the order's lines: the first that have some left."""
    rest, found = pieces, []
    for number, line in enumerate(order["LineItems"]):
        taken = min(rest, exact(line["Quantity"]) - before[number]) if line["SKU"] == sku else ZERO
        if taken > ZERO:
            found.append((number, taken))
            rest -= taken
    if rest > ZERO:
        raise Rejected(
            f"refund {refund.get('RefundID')} of {order.get('ExternalID') or order.get('OrderID')} gives back "
            f"{pieces.normalize():f} of '{sku}', more than the order has left: look at the order in the point of sale, "
            "then replay",
            code="more_than_left",
        )
    return found
