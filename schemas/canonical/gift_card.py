"""A gift card's balance. Its number is money, and there is no place for it here."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, ConfigDict, model_validator

from schemas.canonical.base import Canonical, Currency, RefText, UnsignedMoney
from schemas.canonical.secret import MaskedCode
from schemas.ids import Ref

_ROW_ID = re.compile(r"[0-9]{1,15}")
"""The ids that both systems give their cards' records (Heartland's GiftCardID, Magento's giftcardaccount_id)."""
_LONG = 8
"""An id of so many digits may be a card's number, and must differ from what is known of that."""


class GiftCardState(StrEnum):
    """Whether a card can be spent. Magento's account states 0 to 3, and its status 0, become these."""

    ACTIVE = "active"
    USED = "used"
    REDEEMED = "redeemed"
    """Its balance became store credit."""
    EXPIRED = "expired"
    DISABLED = "disabled"


class GiftCard(Canonical):
    """How much is on one gift card, as its ledger says.

    Attributes:
        ref: ``connection:gift_card:id``, where the id is the record's, or the fingerprint; never the number.
        balance: what is on it, in the currency's units, held amounts included.
        held: reserved for orders that are not committed yet.
        expires_on: the last day on which it can be spent, in its store's time zone.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    schema_version: Literal[1] = 1
    ref: RefText
    channel: str = ""
    code: MaskedCode
    balance: UnsignedMoney
    held: UnsignedMoney = Decimal(0)
    currency: Currency
    state: GiftCardState
    expires_on: date | None = None
    updated_at: AwareDatetime

    @property
    def available(self) -> Decimal:
        """What can still be spent."""
        return self.balance - self.held

    @model_validator(mode="after")
    def _holds_no_more_than_it_has(self) -> Self:
        if self.held > self.balance:
            raise ValueError(f"{self.held} {self.currency} of it are held, but only {self.balance} are on it")
        return self

    @model_validator(mode="after")
    def _does_not_name_itself_by_its_number(self) -> Self:
        native_id, code = Ref.parse(self.ref).native_id, self.code
        if code.fingerprint and native_id == code.fingerprint:
            return self
        if not _ROW_ID.fullmatch(native_id):
            raise ValueError("its ref must name its record's id or its fingerprint, never its number")
        if len(native_id) >= _LONG and native_id.endswith(code.last_four):  # without the last four, any could be it
            raise ValueError("its ref may hold its number: name its fingerprint, or the id and the last four")
        return self
