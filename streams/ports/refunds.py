"""Refunds, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

MORE_THAN_TENDERED = "more_than_tendered"
"""Code of a refusal to give back more than an order's tenders brought."""


@dataclass(frozen=True, slots=True)
class RefundDraft:
    """A refund to be recorded on an order of the point of sale, whose money has gone back elsewhere.

    Attributes:
        marker: what the reason, or a tender's reference, carries as a word of its own, and by which it is found.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
        amount: by which a found refund is recognised as the same.
    """

    marker: str
    document: Mapping[str, object]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SeenRefund:
    """A refund as the point of sale shows it.

    Attributes:
        references: of its tenders; those that have one.
        units: pieces by SKU that it is about.
        restocked: those of them that came back and can be sold again.
    """

    refund_id: str
    refunded_at: datetime
    amount: Decimal
    reason: str
    references: tuple[str, ...]
    units: Mapping[str, Decimal]
    restocked: Mapping[str, Decimal]


class PosRefunds(Protocol):
    """The refunds of the point of sale's orders.

    A refund through a payment that the point of sale knows is `PosPayments.create_payment`, which records itself on
    the order: one that is recorded here as well would count twice.
    """

    async def refunds_of(self, order_id: str) -> Sequence[SeenRefund]:
        """Every refund of an order, in the order in which they were recorded."""
        ...

    async def find_refund(self, order_id: str, marker: str) -> SeenRefund | None:
        """The order's refund that carries the marker. More than one raises Rejected: a collision for a person."""
        ...

    async def append_refund(self, order_id: str, draft: RefundDraft) -> SeenRefund:
        """Record it behind the others; sent once. If the order has one with that marker, nothing is sent and that one
        is returned.

        Raises:
            Transient: somebody else changed the order meanwhile; nothing was recorded.
            OutcomeUnknown: the order, as it was answered, does not show what was recorded before and this one.
            Rejected: with code `MORE_THAN_TENDERED` if the order was not paid that much yet.
            Rejected: more of a SKU than the order has, goods restocked of an order that is not fulfilled, or a document
                without its marker.
        """
        ...
