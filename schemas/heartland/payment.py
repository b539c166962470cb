"""Payments: ``POST GET /v1/payments``."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.wire import Amount, Wire


class Payment(Wire):
    """A payment, and how much of it was captured and refunded since."""

    payment_id: str = Field(alias="PaymentID")
    external_id: str = Field("", alias="ExternalID")
    kind: str = Field(alias="Kind")
    status: str = Field(alias="Status")
    order_id: str = Field("", alias="OrderID")
    parent_id: str = Field("", alias="ParentPaymentID")
    amount: Amount = Field(alias="Amount")
    captured: Amount = Field(alias="CapturedAmount")
    refunded: Amount = Field(alias="RefundedAmount")
    currency: str = Field(alias="Currency")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")
