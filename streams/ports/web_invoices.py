"""Invoices of the web store, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

CAPTURE_FAILED = "capture_failed"
"""Code of the refusal of an invoice whose money the gateway did not give."""


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """An invoice to be made of a web order.

    Attributes:
        units: pieces by the id of the order's row. Never empty: the store would invoice everything left.
        capture: take the money through the gateway; else it has come in already.
        marker: by which the invoice is found.
        comment: carries the marker.
        notify: whether the customer is written to.
    """

    order_id: str
    units: Mapping[str, Decimal]
    capture: bool
    marker: str
    comment: str
    notify: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError if something is not said that the store would guess."""
        if not self.units:
            raise ValueError(f"the invoice of order {self.order_id} must say its rows")
        if self.marker not in self.comment:
            raise ValueError(f"the invoice of order {self.order_id} has no marker in its comment")


@dataclass(frozen=True, slots=True)
class SeenInvoice:
    """An invoice as the web store shows it.

    Attributes:
        state: ``open``, ``paid`` or ``canceled``.
        total: in the base currency.
        transaction: the gateway's id, if it took the money.
        units: pieces by the id of the order's row.
    """

    invoice_id: str
    order_id: str
    number: str
    state: str
    total: Decimal
    currency: str
    transaction: str
    units: Mapping[str, Decimal]


class WebInvoices(Protocol):
    """The web store's invoices."""

    async def invoice_order(self, draft: InvoiceDraft) -> SeenInvoice:
        """Invoice; sent once, and read back.

        Raises:
            Rejected: with code `CAPTURE_FAILED` if the gateway did not take the money; no invoice was made.
            Rejected: more than is left of a row, or the order's state does not allow it.
            OutcomeUnknown: nothing proves what happened, or it could not be read back.
        """
        ...

    async def invoices_of(self, order_id: str) -> Sequence[SeenInvoice]:
        """Every invoice of an order, the oldest first."""
        ...

    async def find_invoice(self, order_id: str, marker: str) -> SeenInvoice | None:
        """The order's invoice with that marker in a comment. More than one raises Rejected."""
        ...
