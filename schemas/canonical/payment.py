"""A payment: money that was authorised, taken, given back or released for a sale, or that failed to be."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from schemas.canonical.base import Currency, PositiveMoney, RefText, UnsignedMoney
from schemas.canonical.part import PartOfLine, PartOfSale
from schemas.canonical.sale import TenderKind
from schemas.canonical.secret import CardlessText, MaskedCode
from schemas.canonical.tender import refuse_code


class PaymentKind(StrEnum):
    """What a payment does. Magento's ``txn_type`` and Heartland's ``Kind`` map to these."""

    AUTHORIZATION = "authorization"
    """The money is reserved; a capture takes it, a void lets it go."""
    SALE = "sale"
    """Authorised and taken at once; so is offline money that has come in."""
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"


class PaymentState(StrEnum):
    """How far a payment has come. Whether the sale is paid follows from its tenders, never from one payment."""

    PENDING = "pending"
    """Not decided: an open invoice, a payment under review."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    """Given up before it took effect: a canceled invoice."""


class PaymentLine(PartOfLine):
    """Pieces that a payment pays for: an invoice's items. A capture of part of a sale names them explicitly."""


class Payment(PartOfSale):
    """One step of money for a sale. Its amount is positive; ``kind`` says in which direction it goes.

    Attributes:
        tender: what was paid with; drives Heartland's tender type.
        method: the gateway's or till's code, as its system writes it (``braintree``, ``checkmo``).
        reference: the gateway's id of it, or the last four of a card; never a card number.
        gift_card: which card, if it was paid with one.
        parent: the payment that it captures, refunds or voids.
        earlier: what the sale's earlier payments of its kind took, as its system tells it; by that it is known which of
            them came with the order.
        lines: what it pays for, where its system says so; empty for the whole sale or an amount.
        failure: why it failed, in the gateway's words.
        at: when it happened at the gateway or the till; its business date is taken from this.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_version: Literal[1] = 1
    kind: PaymentKind
    state: PaymentState
    amount: PositiveMoney
    currency: Currency
    tender: TenderKind
    method: str = Field(min_length=1)
    reference: CardlessText = ""
    gift_card: MaskedCode | None = None
    parent: RefText | None = None
    earlier: UnsignedMoney = Decimal(0)
    lines: tuple[PaymentLine, ...] = ()
    failure: CardlessText = ""
    at: AwareDatetime

    @model_validator(mode="after")
    def _hides_a_code(self) -> Self:
        refuse_code(self.tender, self.reference)
        return self

    @model_validator(mode="after")
    def _only_a_failed_one_says_why(self) -> Self:
        if self.failure and self.state is not PaymentState.FAILED:
            raise ValueError(f"its state is {self.state}, but it says why it failed")
        return self

    @model_validator(mode="after")
    def _is_not_its_own_parent(self) -> Self:
        if self.parent == self.ref:
            raise ValueError("it names itself as the payment that it follows")
        return self
