"""Gift cards' codes never rest: whatever comes from a web store is kept with their HMAC and last four instead. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app import exact_json
from app.ingress.cards import REMOVED, NestedTooDeeply
from schemas.gift_card_codes import mask

CARDS = "gift_cards"
"""Where Magento lists the cards of an order, a cart or an invoice (`extension_attributes.gift_cards`)."""
CODES = frozenset({"code", "c"})
"""A card's code there: by REST, and as the column of the table names it."""
_TELLTALE = CARDS.encode()
_ESCAPED = b"\\u00"
"""A letter can be written as an escape, which hides the name from a search over bytes."""


@dataclass(frozen=True, slots=True)
class CodeMask:
    """Masks codes.

    Attributes:
        key: the merchant's (`gift_cards.fingerprint_key`); without one, codes keep their last four alone.
    """

    key: bytes = field(default=b"", repr=False)

    def body(self, body: bytes) -> bytes:
        """JSON text without codes; the very same bytes if it has none.

        Raises:
            NestedTooDeeply: nothing here follows it.
            ValueError: not JSON.
        """
        if _TELLTALE not in body and _ESCAPED not in body:
            return body
        try:
            document = exact_json.loads(body)
            masked = self.document(document)
        except RecursionError:
            raise NestedTooDeeply("the document is nested too deeply") from None
        return body if masked == document else exact_json.dumps(masked)

    def document(self, value: Any) -> Any:
        """A JSON value without codes."""
        if isinstance(value, dict):
            return {key: self._cards(inner) if key == CARDS else self.document(inner) for key, inner in value.items()}
        return [self.document(inner) for inner in value] if isinstance(value, list) else value

    def _cards(self, value: Any) -> Any:
        """What stands under `CARDS`: a list of cards or of bare codes, or the table's column as text."""
        if isinstance(value, list):
            return [mask(card, self.key) if isinstance(card, str) else self._card(card) for card in value]
        return REMOVED if isinstance(value, str) and value else self._card(value)

    def _card(self, card: Any) -> Any:
        if not isinstance(card, dict):
            return card
        return {key: self._value(key, inner) for key, inner in card.items()}

    def _value(self, key: str, value: Any) -> Any:
        if isinstance(value, dict | list):
            return self._cards(value)
        return mask(value, self.key) if key in CODES and isinstance(value, str) else value


LAST_FOUR = CodeMask()
"""For a shop without a key."""
