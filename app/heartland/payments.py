"""Payments of the point of sale. Implements PosPayments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.heartland.errors import refused
from app.heartland.lists import BY_ID, Question, the_one, whole
from app.listing import Listing
from app.wire import read_as
from schemas.heartland import Payment
from streams.ports import PaymentDraft, SeenPayment

PAYMENTS = "/v1/payments"


class HeartlandPayments:
    """Payments of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def create_payment(self, draft: PaymentDraft) -> SeenPayment:
        """Record it (``POST /v1/payments``); sent once. A sale or capture becomes a tender of its order, a refund one
        of its refunds.

        Raises:
            Rejected: more than is due of the order, or than is left of the payment that it captures or refunds.
        """
        subject = f"payment {draft.external_id}"
        explain = refused(
            "Amount",
            "amount",
            lambda reason: (
                f"{self._client.name}: {subject}, {draft.kind} of {draft.amount} {draft.currency}, was not recorded: "
                f"{reason}. Another payment may have been entered there: compare them, then replay or discard this "
                "event."
            ),
        )
        content = await self._client.change("POST", "create_payment", subject, PAYMENTS, draft.document, explain)
        return _seen(read_as(Payment, content, f"{self._client.name}: the new {subject}", done=True))

    async def find_payment(self, external_id: str) -> SeenPayment | None:
        """The payment of that ExternalID (``GET /v1/payments?external_id=``), letter for letter.

        Raises:
            Rejected: there are several, which a person must sort out.
        """
        query = [("external_id", external_id), BY_ID]
        question = Question("find_payment", f"payments called {external_id}", PAYMENTS, query)
        found = await the_one(self._client, Payment, question, _id_of, lambda row: row.external_id == external_id)
        return None if found is None else _seen(found)

    async def payments_of(self, order_id: str) -> Sequence[SeenPayment]:
        """Payments of an order (``GET /v1/payments?order_id=``), the oldest first.

        Raises:
            Transient: the answer is not whole: an order must never look less paid than it is.
        """
        question = Question("payments_of", f"payments of order {order_id}", PAYMENTS, [("order_id", order_id), BY_ID])
        rows = await whole(self._client, Payment, question, _id_of, lambda row: row.order_id == order_id)
        return tuple(_seen(row) for row in rows)

    async def list_payments(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Payments that changed then or later, oldest change first (``GET /v1/payments``)."""
        return await self._client.list("list_payments", PAYMENTS, updated_since, page=page, page_size=page_size)


def _id_of(row: Payment) -> str:
    return row.payment_id


def _seen(row: Payment) -> SeenPayment:
    return SeenPayment(**row.model_dump())
