"""Gift cards in the web store, whose ledger is elsewhere by default (`streams.ports.PosGiftCards`)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from streams.ports.gift_cards import GiftCardNumber


class WebGiftCards(Protocol):
    """The web store's gift card accounts, where it has any that can be written."""

    @property
    def why_not(self) -> str:
        """Why they cannot be written, and what to do; empty if they can."""
        ...

    async def gift_card_balance(self, account_id: str) -> Decimal | None:
        """What is on an account; None if there is no such one. Raises Rejected if the store has no accounts."""
        ...

    async def set_gift_card_balance(self, account_id: str, before: Decimal, after: Decimal) -> None:
        """Set an account's balance, which is absolute, if it is ``before``; one that is ``after`` already stays.

        Raises:
            Rejected: another balance is on it, or the store has no such accounts; nothing was written.
        """
        ...


class WebGiftCardNumbers(Protocol):
    """The web store as the one place where the numbers of an order's gift cards can be read again."""

    async def gift_card_numbers(self, order_id: str) -> Mapping[str, GiftCardNumber]:
        """The numbers of the cards that an order is paid with, by the card's id; without those that are masked there.

        A number is held in memory for as long as the ledger is asked, and is in no URL, log or error.
        """
        ...
