"""A tender that can carry neither a card's number nor a gift card's."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from schemas.canonical.sale import Tender, TenderKind
from schemas.canonical.secret import CardlessText, MaskedCode

_LAST = 4


def refuse_code(tender: TenderKind, reference: str) -> None:
    """Raises ValueError if what was paid by gift card refers to more of its number than the last four."""
    if tender is TenderKind.GIFT_CARD and len(reference) > _LAST:
        raise ValueError("its reference may be the gift card's number: give its last four, or none")


class CardlessTender(Tender):
    """Money that was received, or went back; ``reference`` is checked to be no card number.

    Attributes:
        gift_card: which card, if it was one.
    """

    reference: CardlessText = ""
    gift_card: MaskedCode | None = None

    @model_validator(mode="after")
    def _hides_a_code(self) -> Self:
        refuse_code(self.kind, self.reference)
        return self
