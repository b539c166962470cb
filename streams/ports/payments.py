"""Payments, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """A payment to be recorded in the point of sale: money taken, reserved, captured or given back.

    Attributes:
        external_id: the name it shall be found by.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
        kind, amount, currency: by which a found payment is recognised as the same.
    """

    external_id: str
    document: Mapping[str, object]
    kind: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class SeenPayment:
    """A payment as the point of sale shows it.

    Attributes:
        kind, status: in the system's own words.
        order_id: empty if it belongs to no order.
        parent_id: the payment that it captures or refunds; empty if there is none.
        captured, refunded: how much of ``amount`` has been.
    """

    payment_id: str
    external_id: str
    kind: str
    status: str
    order_id: str
    parent_id: str
    amount: Decimal
    captured: Decimal
    refunded: Decimal
    currency: str
    updated_at: datetime


class PosPayments(Protocol):
    """The point of sale's payments."""

    async def create_payment(self, draft: PaymentDraft) -> SeenPayment:
        """Record it; sent once. Raises Rejected where more would be taken than is due, or given back than is left."""
        ...

    async def find_payment(self, external_id: str) -> SeenPayment | None:
        """The payment of that external id. More than one raises Rejected: a collision for a person."""
        ...

    async def payments_of(self, order_id: str) -> Sequence[SeenPayment]:
        """Every payment of an order, in the order in which they were made."""
        ...
