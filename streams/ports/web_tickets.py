"""Sales in store, as the web store shows them: orders that are over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """A sale in store to be shown.

    Attributes:
        ref: the ticket's, by which its order is found.
        number: what a person calls it, for messages.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
    """

    ref: str
    number: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SeenTicket:
    """The order that shows it.

    Attributes:
        order_id: the web store's id.
        number: the order's number there.
        total, currency: what was charged.
    """

    order_id: str
    number: str
    total: Decimal
    currency: str


class WebTickets(Protocol):
    """The web store's orders that show sales in store."""

    async def find_ticket(self, ref: str) -> SeenTicket | None:
        """The order that shows a ticket. Raises Rejected if several do."""
        ...

    async def record_ticket(self, draft: TicketDraft) -> str:
        """Store an order as it is drafted, sent once; its id. Nobody is mailed, and no stock moves or is reserved. If
        one shows the ticket by then, that one's.

        Raises:
            Rejected: another order has its number, or the store refuses what it says.
        """
        ...
