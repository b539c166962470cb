"""Tenders: money that came with an order, or went back with a refund."""

from __future__ import annotations

from pydantic import Field

from schemas.wire import Amount, Wire

SPENT_KINDS = frozenset({"GiftCard", "StoreCredit", "RewardPoints"})
"""Types of tenders that are spent when the order is placed, and are no payments of their own."""


class Tender(Wire):
    """Money that has been received."""

    kind: str = Field("", alias="Type")
    amount: Amount = Field(alias="Amount")
    reference: str = Field("", alias="Reference")
