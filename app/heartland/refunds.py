"""Refunds on the point of sale's orders. Implements PosRefunds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.heartland.client import HeartlandClient
from app.heartland.entries import Kind, OrderEntries, pieces
from app.wire import read_as
from schemas.heartland import Refund, RefundedOrder, TenderedOrder
from streams.errors import Rejected
from streams.ports import RefundDraft, SeenRefund
from streams.ports.refunds import MORE_THAN_TENDERED


def _texts(refund: Mapping[str, Any]) -> Iterable[object]:
    yield refund.get("Reason")
    for tender in refund.get("Tenders") or ():
        yield tender.get("Reference")


KIND: Kind[Refund] = Kind(
    field="Refunds",
    noun="refund",
    model=RefundedOrder,
    entries=lambda order: order.refunds,
    key=lambda refund: refund.refund_id,
    texts=_texts,
)


class HeartlandRefunds:
    """Refunds of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client
        self._entries = OrderEntries(client, KIND)

    async def refunds_of(self, order_id: str) -> Sequence[SeenRefund]:
        """Refunds of an order. Raises Rejected if there is no such order."""
        return tuple(_seen(entry) for entry in await self._entries.entries_of("refunds_of", order_id))

    async def find_refund(self, order_id: str, marker: str) -> SeenRefund | None:
        """The refund whose ``Reason``, or the ``Reference`` of one of whose tenders, carries the marker.

        Raises:
            Rejected: there are several, or no such order.
        """
        found = await self._entries.find("find_refund", order_id, marker)
        return None if found is None else _seen(found)

    async def append_refund(self, order_id: str, draft: RefundDraft) -> SeenRefund:
        """Record it; sent once. Only lines with ``Restocked`` move stock.

        Heartland's word for a refusal of more than was tendered may change, so that the order itself is asked
        (``GET /v1/orders/{OrderID}``).

        Raises:
            Rejected: with code `MORE_THAN_TENDERED` if it refused because the order was not paid that much.
            Rejected, Transient, OutcomeUnknown: as `OrderEntries.append`.
        """
        try:
            return _seen(await self._entries.append("append_refund", order_id, draft.marker, draft.document))
        except Rejected as refusal:
            left = await self._refundable(order_id)
            if draft.amount <= left:
                raise
            raise Rejected(
                f"{refusal.message} The order has {left} left that can go back, the refund is over {draft.amount}.",
                code=MORE_THAN_TENDERED,
            ) from refusal

    async def _refundable(self, order_id: str) -> Decimal:
        content = await self._entries.order("append_refund", order_id)
        return read_as(TenderedOrder, content, f"{self._client.name}: order {order_id}").refundable


def _seen(refund: Refund) -> SeenRefund:
    return SeenRefund(
        refund_id=refund.refund_id,
        refunded_at=refund.refunded_at,
        amount=refund.amount,
        reason=refund.reason,
        references=tuple(tender.reference for tender in refund.tenders if tender.reference),
        units=pieces(refund.lines),
        restocked=pieces(line for line in refund.lines if line.restocked),
    )
