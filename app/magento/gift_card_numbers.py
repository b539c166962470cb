"""The numbers of an order's gift cards, read when the ledger has to be asked and kept nowhere.

Implements WebGiftCardNumbers.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.magento.client import MagentoClient
from app.urls import encode
from app.wire import read_as
from schemas.gift_card_codes import is_code
from schemas.magento import CardedOrder
from streams.errors import Rejected
from streams.ports import GiftCardNumber

CODES = [("fields", "extension_attributes[gift_cards]")]


class MagentoGiftCardNumbers:
    """Orders' gift cards of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def gift_card_numbers(self, order_id: str) -> Mapping[str, GiftCardNumber]:
        """By the account's id (``GET /V1/orders/:id``, ``extension_attributes.gift_cards``; Adobe Commerce alone).

        A card whose code is absent, or masked by an extension, is left out. Raises Rejected if there is no such order.
        """
        subject = f"order {order_id}"
        content = await self._client.get("gift_card_numbers", subject, f"/V1/orders/{encode(order_id)}", CODES)
        order = self._read(content, subject)
        return {
            card.id: GiftCardNumber(card.code)
            for card in order.extension_attributes.gift_cards
            if card.id and is_code(card.code)
        }

    def _read(self, content: bytes, subject: str) -> CardedOrder:
        """What is wrong with an answer is told without quoting it: it holds the numbers."""
        try:
            return read_as(CardedOrder, content, subject)
        except Rejected:
            raise Rejected(
                f"{self._client.name}: the gift cards of {subject} have an unexpected shape: an extension may have "
                "changed it. Look at extension_attributes.gift_cards there, then replay.",
                code="unexpected_answer",
            ) from None
