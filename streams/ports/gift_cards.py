"""Gift cards, in the shop's words. A card's number is money: whoever reads it can spend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

SHORTEST_TOLD = 8
"""Characters from which on a number's last four may be told: of a shorter one they are too much of it."""


class GiftCardNumber:
    """A card's number on its way to the ledger. However it is shown, it shows its last four at most, and no
    serialiser takes it."""

    __slots__ = ("_number",)

    def __init__(self, number: str) -> None:
        self._number = number

    def reveal(self) -> str:
        """The number itself, for the body of the request that needs it."""
        return self._number

    def __str__(self) -> str:
        return f"…{self._number[-4:]}" if len(self._number) >= SHORTEST_TOLD else "…"

    def __repr__(self) -> str:
        return f"GiftCardNumber({self})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GiftCardNumber) and other._number == self._number

    def __hash__(self) -> int:
        return hash((GiftCardNumber, self._number))

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a gift card's number is not written anywhere")


@dataclass(frozen=True, slots=True)
class SeenGiftCard:
    """A card as its ledger shows it: ``available`` = ``balance`` - ``held``."""

    card_id: str
    external_id: str
    last_four: str = field(repr=False)
    balance: Decimal
    held: Decimal
    available: Decimal
    currency: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class HoldDraft:
    """Money to be set aside on a card for a sale, or given back to it after a refund.

    Attributes:
        external_id: the name it shall be found by.
        amount, currency: by which a found one is recognised as the same.
    """

    external_id: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class SeenHold:
    """Money that is or was set aside; ``status`` is in the system's own words."""

    hold_id: str
    card_id: str
    external_id: str
    status: str
    amount: Decimal
    currency: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SeenCredit:
    """Money that was given back to a card."""

    credit_id: str
    card_id: str
    external_id: str
    amount: Decimal
    currency: str


class PosGiftCards(Protocol):
    """The point of sale as the ledger of gift cards."""

    async def gift_card(self, number: GiftCardNumber) -> SeenGiftCard | None:
        """The card of that number. The number is in no URL, log or error."""
        ...

    async def hold_gift_card(self, card_id: str, draft: HoldDraft) -> SeenHold:
        """Set money aside; sent once. Raises Rejected if not so much is available."""
        ...

    async def find_gift_card_hold(self, card_id: str, external_id: str) -> SeenHold | None:
        """The card's hold of that external id. More than one raises Rejected: a collision for a person."""
        ...

    async def gift_card_holds(self, card_id: str) -> Sequence[SeenHold]:
        """Every hold that there ever was on a card, whatever became of it."""
        ...

    async def commit_gift_card(self, card_id: str, hold_id: str) -> SeenHold:
        """Spend what is held; final, and safe to repeat. Raises Rejected if it was released."""
        ...

    async def release_gift_card(self, card_id: str, hold_id: str) -> SeenHold:
        """Let go what is held; final, and safe to repeat. Raises Rejected if it was spent."""
        ...

    async def credit_gift_card(self, card_id: str, draft: HoldDraft) -> SeenCredit:
        """Give money back; sent once, and final."""
        ...

    async def find_gift_card_credit(self, card_id: str, external_id: str) -> SeenCredit | None:
        """What was given back under that external id. More than one raises Rejected: a collision for a person."""
        ...
