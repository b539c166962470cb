"""What may be known of numbers that are money: a card's, a gift card's. Never the number itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from schemas.canonical.base import Canonical
from schemas.cards import card_numbers


def _without_card_number(text: str) -> str:
    if next(card_numbers(text), None) is not None:
        raise ValueError("it holds what may be a card number: give the gateway's id of the payment, or the last four")
    return text


CardlessText = Annotated[str, AfterValidator(_without_card_number)]
"""Text from a gateway, a till or a person in which no card number can stand (`schemas.cards`)."""


class MaskedCode(Canonical):
    """What may be known of a gift card's number: enough to tell that two are the same, too little to spend it.

    Attributes:
        fingerprint: HMAC-SHA256 of the number under the merchant's key, in hex; empty where only a masked number was
            told (Heartland lists cards by last four).
        last_four: of a number of at least eight characters, else empty.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    fingerprint: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    last_four: str = Field(default="", pattern=r"^([0-9A-Za-z]{4})?$")
