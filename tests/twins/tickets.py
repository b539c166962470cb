"""A web store's orders that show sales in store, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streams.errors import Rejected
from streams.ports import SeenTicket, TicketDraft


class TicketBook:
    """Implements `streams.ports.WebTickets`.

    Attributes:
        documents: what was recorded, by the ticket's ref.
    """

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any]] = {}
        self._numbers: list[str] = []

    async def find_ticket(self, ref: str) -> SeenTicket | None:
        document = self.documents.get(ref)
        if document is None:
            return None
        number = str(document["increment_id"])
        total = Decimal(str(document["base_grand_total"]))
        order_id = str(self._numbers.index(number) + 1)
        return SeenTicket(order_id, number, total, str(document["base_currency_code"]))

    async def record_ticket(self, draft: TicketDraft) -> str:
        found = await self.find_ticket(draft.ref)
        if found is not None:
            return found.order_id
        number = str(draft.document["increment_id"])
        if number in self._numbers:
            raise Rejected(f"Unique constraint violation found: {number}")
        self._numbers.append(number)
        self.documents[draft.ref] = draft.document
        return str(len(self._numbers))
