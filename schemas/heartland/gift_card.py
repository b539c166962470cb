"""Gift cards: ``/v1/gift-cards``, whose answers never hold a number."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.wire import Amount, Wire


class GiftCard(Wire):
    """A card's balance."""

    card_id: str = Field(alias="GiftCardID")
    external_id: str = Field("", alias="ExternalID")
    last_four: str = Field("", alias="LastFour", repr=False)
    balance: Amount = Field(alias="Balance")
    held: Amount = Field(alias="Held")
    available: Amount = Field(alias="Available")
    currency: str = Field(alias="Currency")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")


class GiftCardHold(Wire):
    """Money that is set aside on a card, was spent, or was let go."""

    hold_id: str = Field(alias="HoldID")
    card_id: str = Field(alias="GiftCardID")
    external_id: str = Field("", alias="ExternalID")
    status: str = Field(alias="Status")
    amount: Amount = Field(alias="Amount")
    currency: str = Field(alias="Currency")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")


class GiftCardCredit(Wire):
    """Money that was given back to a card."""

    credit_id: str = Field(alias="CreditID")
    card_id: str = Field(alias="GiftCardID")
    external_id: str = Field("", alias="ExternalID")
    amount: Amount = Field(alias="Amount")
    currency: str = Field(alias="Currency")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")
