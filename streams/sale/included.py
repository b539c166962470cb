"""Whether the point of sale was told of an invoice as a tender when its order was created there."""

from __future__ import annotations

from decimal import Decimal

from streams.errors import Rejected


def came_with_order(amount: Decimal, earlier: Decimal, at_export: Decimal, *, order: str) -> bool:
    """An order is exported with what has been paid as its tenders. Those invoices are told again by themselves, and
    posting them as payments would take the money twice.

    Args:
        amount: of the invoice.
        earlier: what the order's earlier invoices took.
        at_export: what had been paid when the order was exported.
        order: its number, for the message.

    Raises:
        Rejected: what had been paid ends within the invoice, so that nobody can say which part of it is new.
    """
    if earlier + amount <= at_export:
        return True
    if earlier >= at_export:
        return False
    raise Rejected(
        f"order {order} was exported with {at_export} paid, which ends within an invoice of {amount} after {earlier}: "
        "compare its invoices with the tenders in the point of sale, enter there by hand what is missing, then discard "
        "this event.",
        code="unexplained_payment",
    )
