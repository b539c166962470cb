"""A ticket: goods that were sold, or came back, in a store."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from schemas.canonical.base import Canonical, Currency, Money, Quantity, RefText, UnsignedMoney
from schemas.canonical.sale import Fee, Shipping, TaxPart, Totals
from schemas.canonical.tender import CardlessTender

ZERO = Decimal(0)


class TicketLine(Canonical):
    """One line of a ticket.

    Attributes:
        line_id: the point of sale's id of the line; empty if it has none.
        sku: the point of sale's SKU.
        quantity: pieces; below zero if they came back. Never zero.
        unit_price: net of tax, gross of discount.
        discount, tax: for the whole line; they have the sign of the quantity.
    """

    line_id: str = ""
    sku: str = Field(min_length=1)
    name: str = ""
    quantity: Quantity
    unit_price: UnsignedMoney
    discount: Money = ZERO
    tax: Money = ZERO
    taxes: tuple[TaxPart, ...] = ()

    @model_validator(mode="after")
    def _goes_one_way(self) -> Self:
        if not self.quantity:
            raise ValueError(f"the line of '{self.sku}' has no pieces")
        for name, amount in (("discount", self.discount), ("tax", self.tax)):
            if amount * self.quantity < 0:
                raise ValueError(f"the {name} of '{self.sku}' is {amount}, but its quantity is {self.quantity}")
        return self


class Ticket(Canonical):
    """A sale in a store, a return, or both at once (an exchange): what left has positive quantities, what came back
    negative ones, and the totals are what is left between them.

    A return of a web order is no ticket but that order's `schemas.canonical.Refund`; a ticket returns what a store
    sold, or what was brought back without a receipt.

    Attributes:
        ref: ``connection:ticket:native id`` of the point of sale; the key of its topic.
        channel: the channel of the web store that shows it; empty if none does.
        location: where it was sold; decides its business date's time zone.
        customer: the point of sale's id of the customer's profile; empty for an anonymous sale.
        shipping: where the store sends the goods.
        tenders: money received; below zero if it went back.
        returns: ref of the ticket from which the goods came back; None without a receipt.
        voided: it was entered by mistake, and never was.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_version: Literal[1] = 1
    ref: RefText
    number: str = Field(min_length=1)
    channel: str = ""
    location: str = Field(min_length=1)
    station: str = ""
    sold_at: AwareDatetime
    updated_at: AwareDatetime
    currency: Currency
    customer: str = ""
    lines: tuple[TicketLine, ...] = Field(min_length=1)
    shipping: Shipping | None = None
    fees: tuple[Fee, ...] = ()
    tenders: tuple[CardlessTender, ...] = ()
    totals: Totals
    returns: RefText | None = None
    voided: bool = False

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        sums = self.totals
        parts = sums.lines - sums.discount + sums.tax + sums.shipping + sums.fees
        settled = sum((tender.amount for tender in self.tenders), ZERO) + sums.due + sums.canceled
        for what, amount in (("its parts", parts), ("its tenders and what is due", settled)):
            if amount != sums.total:
                raise ValueError(f"{what} make {amount} {self.currency}, but its total is {sums.total}")
        return self
