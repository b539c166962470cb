"""Gift cards of a web store that does not let them be written. Implements WebGiftCards."""

from __future__ import annotations

from decimal import Decimal

from streams.errors import Rejected


class UnavailableGiftCards:
    """Says why: Open Source has no gift cards, and Adobe Commerce shows theirs on carts and orders alone. Only Commerce
    as a Cloud Service has a route for their accounts (``/V1/giftcardaccounts``)."""

    def __init__(self, connection: str) -> None:
        self._connection = connection

    async def set_gift_card_balance(self, account_id: str, before: Decimal, after: Decimal) -> None:
        """Refuse. Raises Rejected."""
        raise Rejected(
            f"{self._connection}: the balance of gift card account {account_id} was not changed from {before:f} to "
            f"{after:f}: this Magento has no REST route for gift card accounts (Open Source has no gift cards, Adobe "
            "Commerce needs a module for it). Keep the point of sale as the ledger, or change it in Magento's admin, "
            "then discard this event.",
            code="gift_cards_unavailable",
            blocks=False,
        )
