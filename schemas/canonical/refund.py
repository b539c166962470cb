"""A refund: money of a sale that went back, for which goods, and by which tenders."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, model_validator

from schemas.canonical.base import Canonical, Currency, RefText, UnsignedMoney
from schemas.canonical.part import PartOfLine, PartOfSale
from schemas.canonical.sale import Fee
from schemas.canonical.secret import CardlessText
from schemas.canonical.tender import CardlessTender

ZERO = Decimal(0)


class RefundLine(PartOfLine):
    """Refunded pieces of one line.

    Attributes:
        amount: for these pieces, net of tax, gross of discount.
        discount: that was granted on them, positive.
        tax: that was charged on them.
        restocked: they came back and can be sold again; the system that tells it has counted them in already. False
            for what the customer keeps, for what came back broken, and for what had not left.
    """

    amount: UnsignedMoney
    discount: UnsignedMoney = ZERO
    tax: UnsignedMoney = ZERO
    restocked: bool = False

    @property
    def total(self) -> Decimal:
        """What these pieces give back."""
        return self.amount - self.discount + self.tax


class RefundShipping(Canonical):
    """What of delivery's price goes back."""

    amount: UnsignedMoney = ZERO
    discount: UnsignedMoney = ZERO
    tax: UnsignedMoney = ZERO

    @property
    def total(self) -> Decimal:
        """What delivery gives back."""
        return self.amount - self.discount + self.tax


class RefundTender(CardlessTender):
    """Money on its way back.

    Attributes:
        payment: the payment that it gives back; None for cash, and where the system does not say.
    """

    amount: UnsignedMoney
    payment: RefText | None = None


class Refund(PartOfSale):
    """Money that went back for a sale: total = lines + shipping + fees + adjustments = tenders.

    Attributes:
        lines: the goods that it is about. Empty for a refund of an amount, shipping or fees alone.
        adjustment_positive: given back beyond the goods: goodwill, an amount without lines.
        adjustment_negative: kept back: a restocking fee.
        tenders: how it goes back; empty only if nothing does (Magento makes credit memos of 0).
        offline: the money has gone back already, at the till or by hand: no gateway may be called for it.
        location: where the goods came back; empty if none did. Need not be where they left.
        exchanged_for: the ticket that the money bought something else with, if it was an exchange.
        refunded_at: when the money went back; its business date is taken from this.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_version: Literal[1] = 1
    currency: Currency
    lines: tuple[RefundLine, ...] = ()
    shipping: RefundShipping = RefundShipping()
    fees: tuple[Fee, ...] = ()
    adjustment_positive: UnsignedMoney = ZERO
    adjustment_negative: UnsignedMoney = ZERO
    total: UnsignedMoney
    tenders: tuple[RefundTender, ...] = ()
    offline: bool
    location: str = ""
    reason: CardlessText = ""
    exchanged_for: RefText | None = None
    refunded_at: AwareDatetime

    @property
    def parts(self) -> Decimal:
        """What lines, shipping, fees and adjustments make."""
        goods = sum((line.total for line in self.lines), ZERO)
        fees = sum((fee.amount + fee.tax for fee in self.fees), ZERO)
        return goods + self.shipping.total + fees + self.adjustment_positive - self.adjustment_negative

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        tendered = sum((tender.amount for tender in self.tenders), ZERO)
        for what, amount in (("its parts", self.parts), ("its tenders", tendered)):
            if amount != self.total:
                raise ValueError(f"{what} make {amount} {self.currency}, but its total is {self.total}")
        return self
