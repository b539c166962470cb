"""Orders of the point of sale. Implements Sales and PosOrders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.heartland.client import Explain, HeartlandClient
from app.heartland.errors import refused
from app.heartland.lists import BY_ID, Question, the_one
from app.listing import Listing
from app.urls import encode
from app.wire import read_as
from schemas.heartland import ErrorBody, Order
from streams.errors import AliasMissing
from streams.ports import OrderDraft, SeenOrder

ORDERS = "/v1/orders"

_UNKNOWN_SKU = re.compile(r"^LineItems\[(\d+)\]\.SKU$")
"""Path of a line's SKU in the details of a refusal."""


class HeartlandOrders:
    """Orders of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def create_order(self, draft: OrderDraft) -> SeenOrder:
        """Create it (``POST /v1/orders``); sent once. Heartland has nothing unique: a second call makes a second order.

        Raises:
            AliasMissing: Heartland does not know a line's SKU.
        """

        def explain(body: ErrorBody) -> AliasMissing | None:
            return self._unknown_sku(draft, body)

        content = await self._client.change(
            "POST", "create_order", f"order {draft.public_id}", ORDERS, draft.document, explain
        )
        return seen_order(read_as(Order, content, f"{self._client.name}: the new order {draft.public_id}", done=True))

    async def find_order(self, public_id: str) -> SeenOrder | None:
        """The order of that ExternalID (``GET /v1/orders?external_id=``), letter for letter.

        Raises:
            Rejected: there are several, which a person must sort out.
        """
        question = Question("find_order", f"orders called {public_id}", ORDERS, [("external_id", public_id), BY_ID])
        found = await the_one(
            self._client, Order, question, lambda row: row.order_id, lambda row: row.external_id == public_id
        )
        return seen_order(found) if found is not None else None

    async def cancel_order(self, order_id: str) -> SeenOrder:
        """Set the status ``Cancelled``, which releases the units (``PUT /v1/orders/{OrderID}``).

        Raises:
            Rejected: the order is fulfilled, and stays so.
        """
        advice = "Its goods have left: take them back there as a return, then discard this event."
        return await self._set_status("cancel_order", order_id, "Cancelled", f"was not cancelled. {advice}")

    async def fulfil_order(self, order_id: str) -> SeenOrder:
        """Set the status ``Fulfilled``, which takes the units off on hand (``PUT /v1/orders/{OrderID}``).

        Raises:
            Rejected: the order is cancelled, and stays so.
        """
        advice = "If its goods have left, enter the sale there anew; then discard this event."
        return await self._set_status("fulfil_order", order_id, "Fulfilled", f"was not fulfilled. {advice}")

    async def set_order_addresses(self, order_id: str, document: Mapping[str, object]) -> SeenOrder:
        """Replace ``ShippingAddress`` or ``BillingAddress`` or both (``PUT /v1/orders/{OrderID}``)."""
        return await self._update("set_order_addresses", order_id, document)

    async def set_order_customer(self, order_id: str, customer_id: str) -> SeenOrder:
        """Set ``CustomerID`` (``PUT /v1/orders/{OrderID}``).

        Raises:
            Rejected: there is no such profile.
        """
        return await self._update("set_order_customer", order_id, {"CustomerID": customer_id})

    async def list_orders(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Orders that changed then or later, oldest change first (``GET /v1/orders``)."""
        return await self._client.list("list_orders", ORDERS, updated_since, page=page, page_size=page_size)

    async def _set_status(self, operation: str, order_id: str, status: str, advice: str) -> SeenOrder:
        place = f"{self._client.name}: order {order_id}"
        explain = refused("Status", "order_state", lambda reason: f"{place}: {reason}; it {advice}")
        return await self._update(operation, order_id, {"Status": status}, explain)

    async def _update(
        self, operation: str, order_id: str, document: Mapping[str, object], explain: Explain | None = None
    ) -> SeenOrder:
        subject, path = f"order {order_id}", f"{ORDERS}/{encode(order_id)}"
        content = await self._client.change("PUT", operation, subject, path, document, explain)
        return seen_order(read_as(Order, content, f"{self._client.name}: {subject}", done=True))

    def _unknown_sku(self, draft: OrderDraft, body: ErrorBody) -> AliasMissing | None:
        for path, problem in body.details.items():
            line = _UNKNOWN_SKU.match(path)
            if line and "unknown" in problem.lower():
                sku = _sku(draft.document, int(line[1]))
                return AliasMissing(
                    f"{self._client.name}: order {draft.public_id} was not created, Heartland does not know the SKU "
                    f"'{sku}'. Create it there, or name its alias.",
                    sku=sku,
                )
        return None


def _sku(document: Mapping[str, object], index: int) -> str:
    lines = document.get("LineItems")
    line = lines[index] if isinstance(lines, Sequence) and index < len(lines) else {}
    return str(line.get("SKU", "")) if isinstance(line, Mapping) else ""


def seen_order(order: Order) -> SeenOrder:
    """The order in the port's words."""
    return SeenOrder(
        order_id=order.order_id,
        number=order.order_id,
        public_id=order.external_id,
        status=order.status,
        total=order.total_amount,
        currency=order.currency,
        email=order.email,
        placed_at=order.order_date,
        updated_at=order.updated_at,
        packed=any(parcel.lines for parcel in order.shipments),
        paid=order.paid,
        addresses={
            "ShippingAddress": order.shipping_address.model_dump(by_alias=True, exclude_defaults=True),
            "BillingAddress": order.billing_address.model_dump(by_alias=True, exclude_defaults=True),
        },
    )
