"""Which of an order's invoices the point of sale was told as tenders when the order was created there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from streams.errors import Rejected
from streams.sale.exact import ZERO


@dataclass(frozen=True, slots=True)
class Paid:
    """A paid invoice: its id, and its amount in the order's base currency."""

    invoice: str
    amount: Decimal


def included(invoices: Sequence[Paid], at_export: Decimal, *, order: str) -> frozenset[str]:
    """The invoices, oldest first, that make up what was paid when the order was exported.

    An order is exported with what has been paid as its tenders. Those invoices are told again by themselves, and
    posting them as payments would take the money twice.

    Args:
        invoices: the order's paid ones, in the order in which they were made.
        at_export: what had been paid then.
        order: its number, for the message.

    Raises:
        Rejected: the amount ends within an invoice, so that nobody can say which part of it is new.
    """
    found: list[str] = []
    reached = ZERO
    for invoice in invoices:
        if reached >= at_export:
            break
        reached += invoice.amount
        found.append(invoice.invoice)
    if reached != at_export:
        raise Rejected(
            f"order {order} was exported with {at_export} paid, but its invoices make {reached} up to then: compare "
            "its invoices with the tenders in the point of sale, enter there by hand what is missing, then discard this "
            "event.",
            code="unexplained_payment",
        )
    return frozenset(found)
