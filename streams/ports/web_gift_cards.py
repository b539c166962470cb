"""Gift cards in the web store, whose ledger is elsewhere by default (`streams.ports.PosGiftCards`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol


class WebGiftCards(Protocol):
    """The web store's gift card accounts, where it has any that can be written."""

    async def set_gift_card_balance(self, account_id: str, before: Decimal, after: Decimal) -> None:
        """Set an account's balance, which is absolute, if it is ``before``; one that is ``after`` already stays.

        Raises:
            Rejected: another balance is on it, or the store has no such accounts; nothing was written.
        """
        ...
