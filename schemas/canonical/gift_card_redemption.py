"""A gift card that a web order is paid with: what has to become of that money in the cards' ledger."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, model_validator

from schemas.canonical.base import Currency, PositiveMoney, UnsignedMoney
from schemas.canonical.part import PartOfSale
from schemas.canonical.secret import MaskedCode


class RedemptionStage(StrEnum):
    """How far the money has come. An order only ever goes down this list, but for `RELEASED`, which ends it."""

    WAITING = "waiting"
    """The order may not be in the other system yet."""
    HELD = "held"
    """Set aside for it."""
    SPENT = "spent"
    """The order is paid, or a part of it is invoiced."""
    RELEASED = "released"
    """The order was canceled before any of it was invoiced."""


class GiftCardRedemption(PartOfSale):
    """What one gift card pays of one order.

    Attributes:
        ref: ``connection:gift_card_redemption:order/card``.
        placed_at: when the order was placed; None in what was written before version 2.
        card: the web store's id of the card's account; ``0`` if it does not say which cards it were.
        code: what may be known of the card's number.
        amount: what the card pays of the order, as it was placed.
        beside: what other cards pay of the order.
        given_back: of that, what refunds and canceled goods have given back to the card so far.
        to_store_credit: what refunds of the order turned into store credit that store credit had not paid: it may be
            this card's money, and must not be given back twice.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_version: Literal[2] = 2
    placed_at: AwareDatetime | None = None
    card: str
    code: MaskedCode
    amount: PositiveMoney
    currency: Currency
    beside: UnsignedMoney = Decimal(0)
    stage: RedemptionStage
    given_back: UnsignedMoney = Decimal(0)
    to_store_credit: UnsignedMoney = Decimal(0)

    @model_validator(mode="after")
    def _gives_back_what_was_spent(self) -> Self:
        if self.given_back > self.amount:
            raise ValueError(f"{self.given_back} {self.currency} went back, but the card paid only {self.amount}")
        if self.given_back and self.stage is not RedemptionStage.SPENT:
            raise ValueError(f"{self.given_back} {self.currency} went back of money that is {self.stage}")
        return self
