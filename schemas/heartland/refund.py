"""Refunds: what an order's ``Refunds`` hold."""

from __future__ import annotations

from decimal import Decimal

from pydantic import AwareDatetime, Field

from schemas.heartland.shipment import Pieces
from schemas.heartland.tender import Tender
from schemas.wire import Amount, Wire


class RefundedPieces(Pieces):
    """Pieces of one SKU that a refund is about."""

    restocked: bool = Field(default=False, alias="Restocked")


class Refund(Wire):
    """Money that went back."""

    refund_id: str = Field(alias="RefundID")
    refunded_at: AwareDatetime = Field(alias="RefundedAt")
    amount: Amount = Field(alias="Amount")
    reason: str = Field("", alias="Reason")
    tenders: tuple[Tender, ...] = Field((), alias="Tenders")
    lines: tuple[RefundedPieces, ...] = Field((), alias="Lines")


class RefundedOrder(Wire):
    """Of an order its refunds. They are always told: what is missing is never taken for none."""

    refunds: tuple[Refund, ...] = Field(alias="Refunds")


class TenderedOrder(RefundedOrder):
    """Of an order its money: what came, and what went back. Both are always told."""

    tenders: tuple[Tender, ...] = Field(alias="Tenders")

    @property
    def refundable(self) -> Decimal:
        """What can still go back."""
        came = sum((tender.amount for tender in self.tenders), Decimal(0))
        return came - sum((refund.amount for refund in self.refunds), Decimal(0))
