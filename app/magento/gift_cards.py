"""Gift card accounts of a web store, whose balances follow the point of sale's ledger. Implements WebGiftCards, once
for a store that has routes for them and once for one that has none."""

from __future__ import annotations

from decimal import Decimal

from app.magento.client import MagentoClient
from app.magento.ids import whole
from app.urls import encode
from app.wire import read_as
from schemas.magento import GiftCardAccount
from streams.errors import Rejected

ACCOUNTS = "/V1/giftcardaccounts"


class GiftCardAccounts:
    """Accounts of a store that has ``/V1/giftcardaccounts`` (Commerce as a Cloud Service)."""

    why_not = ""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def gift_card_balance(self, account_id: str) -> Decimal | None:
        """What is on it (``GET /V1/giftcardaccounts/:id``), None if there is no such account."""
        subject = f"gift card account {account_id}"
        content = await self._client.find("gift_card_balance", subject, f"{ACCOUNTS}/{encode(account_id)}")
        return None if content is None else read_as(GiftCardAccount, content, f"{self._client.name}: {subject}").balance

    async def set_gift_card_balance(self, account_id: str, before: Decimal, after: Decimal) -> None:
        """Write it (``PUT /V1/giftcardaccounts/:id``), which is absolute and compares nothing: it is looked at before.

        Raises:
            Rejected: another balance is on it, or there is no such account; nothing was written.
        """
        began = self._client.begin()
        shown = await self.gift_card_balance(account_id)
        if shown == after:
            return
        if shown != before:
            raise Rejected(
                f"{self._client.name}: gift card account {account_id} has {shown if shown is not None else 'vanished'} "
                f"where {before} was expected, and was not set to {after}: see there who changed it, then replay.",
                code="gift_card_changed",
            )
        whole(self._client.name, "gift card account", account_id)
        subject = f"gift card account {account_id} ({before} to {after})"
        body = {"giftcardAccount": {"balance": after}}
        await self._client.put("set_gift_card_balance", subject, f"{ACCOUNTS}/{encode(account_id)}", body, began=began)


class UnavailableGiftCards:
    """Says why there are none: Open Source has no gift cards, and Adobe Commerce shows its own on carts and orders
    alone. Only Commerce as a Cloud Service has a route for their accounts (``/V1/giftcardaccounts``)."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self.why_not = (
            f"{connection}: this Magento has no REST route for gift card accounts (Open Source has no gift cards, "
            "Adobe Commerce needs a module for it). Keep the point of sale as the ledger: cards are spent from it "
            "when a web order uses them. If it is Commerce as a Cloud Service, "
            f"set connections.{connection}.gift_cards to accounts. Until then their balances there are "
            "changed in Magento's admin."
        )

    async def gift_card_balance(self, account_id: str) -> Decimal | None:
        """Refuse. Raises Rejected."""
        raise self._refusal(f"gift card account {account_id} was not read")

    async def set_gift_card_balance(self, account_id: str, before: Decimal, after: Decimal) -> None:
        """Refuse. Raises Rejected."""
        raise self._refusal(
            f"the balance of gift card account {account_id} was not changed from {before:f} to {after:f}"
        )

    def _refusal(self, what: str) -> Rejected:
        return Rejected(f"{what}: {self.why_not} Then discard this event.", code="gift_cards_unavailable", blocks=False)
