"""What the web store keeps on orders for us, and which orders changed. Implements OrderNotes and FailedPaymentNotes."""

from __future__ import annotations

from datetime import datetime

from app.listing import Listing
from app.magento.client import MagentoClient
from app.magento.ids import whole
from app.magento.lists import Polled, changed
from app.urls import encode
from app.wire import read_as
from schemas.magento import Comment, OrderState, SearchResult
from streams.errors import Rejected, Transient

CHANGED = Polled("list_orders", "orders", "/V1/orders")


class MagentoOrders:
    """Orders of one connection."""

    def __init__(self, client: MagentoClient) -> None:
        self._client = client

    async def list_orders(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Orders that changed at that second or later, oldest change first (``GET /V1/orders``).

        ``updated_at`` moves on invoice, refund, cancel, hold and a saved order column; not on a comment, and not on a
        shipment that leaves the state as it was.
        """
        return await changed(self._client, CHANGED, updated_since, page, page_size)

    async def set_external_number(self, order_id: str, number: str) -> None:
        """Write ``ext_order_id`` (``POST /V1/orders``), that column alone: a state or status sent there is stored as it
        is, even null or invented."""
        body = {"entity": {"entity_id": whole(self._client.name, "order", order_id), "ext_order_id": number}}
        await self._client.post("set_external_number", f"order {order_id} ({number})", "/V1/orders", body)

    async def add_comment(self, order_id: str, comment: str) -> str:
        """Add a comment that mails nobody (``POST /V1/orders/:id/comments``); Magento names no id for it.

        The order's present status goes with it: up to 2.4.4 a missing one hides the order from the grids, later
        releases refuse any other. That read counts as part of the mutation, which has to leave soon or not at all.
        """
        await self._comment("add_comment", order_id, comment, to_customer=False)
        return ""

    async def set_order_status(self, order_id: str, status: str) -> None:
        """Write ``status`` (``POST /V1/orders``), that column alone. A comment cannot: later releases refuse in it any
        status but the present one. Magento stores whatever is sent, even null, which hides the order from the grids.

        Raises:
            Rejected: an empty status.
        """
        if not status.strip():
            raise Rejected(
                f"{self._client.name}: the status of order {order_id} was not set, none was named: correct the table "
                "magento.order_statuses, then replay.",
                code="no_status",
            )
        body = {"entity": {"entity_id": whole(self._client.name, "order", order_id), "status": status}}
        await self._client.post("set_order_status", f"order {order_id} ('{status}')", "/V1/orders", body)

    async def notify_customer(self, order_id: str, comment: str) -> str:
        """As `add_comment`, visible to the customer and mailed. Where mail is down, Magento stores the comment and
        answers 400 "Unable to send mail": an unknown outcome."""
        await self._comment("notify_customer", order_id, comment, to_customer=True)
        return ""

    async def find_comment(self, order_id: str, marker: str) -> str | None:
        """The id of the comment that contains ``marker`` (``GET /V1/orders/:id/comments``)."""
        subject, path = f"order {order_id}", f"/V1/orders/{encode(order_id)}/comments"
        content = await self._client.get("find_comment", subject, path)
        found = read_as(SearchResult[Comment], content, f"{self._client.name}: the list of comments of {subject}")
        return next((row.entity_id for row in found.items if marker in row.comment), None)

    async def _comment(self, operation: str, order_id: str, comment: str, *, to_customer: bool) -> None:
        began = self._client.begin()
        subject, path = f"order {order_id}", f"/V1/orders/{encode(order_id)}"
        status = await self._status(operation, subject, path)
        history = {
            "comment": comment,
            "entity_name": "order",
            "parent_id": whole(self._client.name, "order", order_id),
            "status": status,
            "is_customer_notified": int(to_customer),
            "is_visible_on_front": int(to_customer),
        }
        try:
            body = {"statusHistory": history}
            await self._client.post(operation, subject, f"{path}/comments", body, began=began)
        except Rejected as error:
            if await self._status(operation, subject, path) != status:
                raise Transient(f"{error.message} Its status has just changed: again.", code="status_moved") from error
            raise

    async def _status(self, operation: str, subject: str, path: str) -> str:
        content = await self._client.get(operation, subject, path, [("fields", "state,status")])
        return read_as(OrderState, content, f"{self._client.name}: {subject}").status
