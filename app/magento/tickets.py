"""Sales in store as orders of the web store. Implements WebTickets."""

from __future__ import annotations

from app.magento.afterwards import afterwards
from app.magento.client import MagentoClient
from app.magento.lists import Question, every, the_one
from app.magento.search import Where
from app.wire import read_as
from schemas.magento import OrderHead, SavedOrder
from streams.errors import Rejected
from streams.ports import SeenTicket, TicketDraft

ORDERS = "/V1/orders"
LONGEST = 32
"""Characters that ``sales_order.ext_order_id`` holds."""


class MagentoTickets:
    """Tickets of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def find_ticket(self, ref: str) -> SeenTicket | None:
        """The order with that ``ext_order_id`` (``GET /V1/orders``)."""
        subject = f"orders that show {ref}"
        question = Question("find_ticket", subject, ORDERS, (Where("ext_order_id", "eq", ref),))
        found = [row for row in await every(self._client, OrderHead, question) if row.ext_order_id == ref]
        row = the_one(found, [row.entity_id for row in found], f"{self._client.name}: {subject}")
        return None if row is None else _seen(row)

    async def record_ticket(self, draft: TicketDraft) -> str:
        """Save an order (``POST /V1/orders``): without an ``entity_id`` Magento inserts it as it is told.

        A number that is taken is 400 "Unique constraint violation found". It may be ours, of a call that came late: so
        it is looked for before the refusal is believed.
        """
        if len(draft.ref) > LONGEST:
            raise Rejected(
                f"{self._client.name}: '{draft.ref}' has more than the {LONGEST} characters that Magento keeps as an "
                f"order's external number, so ticket {draft.number} cannot be found there again: give the point of "
                "sale's connection a shorter name, or discard this event.",
                code="long_ref",
            )
        subject = f"ticket {draft.number}"
        what = f"{self._client.name}: record_ticket for {subject}"
        try:
            content = await self._client.post("record_ticket", subject, ORDERS, {"entity": draft.document})
        except Rejected:
            with afterwards(what):
                found = await self.find_ticket(draft.ref)
            if found is not None:
                return found.order_id
            raise
        return read_as(SavedOrder, content, what, done=True).entity_id


def _seen(row: OrderHead) -> SeenTicket:
    return SeenTicket(row.entity_id, row.increment_id, row.base_grand_total, row.base_currency_code)
