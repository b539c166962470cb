"""Reports: ``GET /v1/reports/transactions``."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from schemas.wire import Amount, Wire


class TransactionSum(Wire):
    """The orders of a day, location and currency."""

    day: date = Field(alias="Period")
    location: str = Field(alias="LocationID")
    currency: str = Field(alias="Currency")
    orders: int = Field(alias="Orders")
    units: Amount = Field(alias="Units")
    total: Amount = Field(alias="TotalAmount")
    tax: Amount = Field(alias="Tax")
    discount: Amount = Field(alias="Discount")
    tendered: Amount = Field(alias="Tendered")
    due: Amount = Field(alias="BalanceDue")
    refunded: Amount = Field(alias="Refunded")
