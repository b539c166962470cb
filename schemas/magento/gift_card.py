"""The numbers of gift cards on an order (Adobe Commerce). They are money: nothing but the ledger's question is made
of them."""

from __future__ import annotations

from decimal import Decimal

from pydantic import ConfigDict, Field

from schemas.wire import Amount, Wire


class CardNumber(Wire):
    """A gift card with which an order is paid."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    id: str = ""
    code: str = Field("", repr=False)


class _Cards(Wire):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    gift_cards: tuple[CardNumber, ...] = ()


class CardedOrder(Wire):
    """An order, as far as it tells its gift cards' numbers."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)

    extension_attributes: _Cards = _Cards()


class GiftCardAccount(Wire):
    """An account (Commerce as a Cloud Service). Its code is not read."""

    balance: Amount = Decimal(0)
