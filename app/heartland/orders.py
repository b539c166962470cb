"""Orders of the point of sale. Implements Sales and EntityReader."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.listing import Listing
from app.urls import encode
from app.wire import read_as
from schemas.heartland import ErrorBody, Order, Page
from streams.errors import AliasMissing, Rejected
from streams.ports import OrderDraft, SeenOrder

ORDERS = "/v1/orders"

_UNKNOWN_SKU = re.compile(r"^LineItems\[(\d+)\]\.SKU$")
"""Path of a line's SKU in the details of a refusal."""


class HeartlandOrders:
    """Orders of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def read(self, entity: str, native_id: str) -> bytes | None:
        """The order's JSON (``GET /v1/orders/{OrderID}``), None if Heartland does not have it."""
        if entity != "order":
            raise Rejected(
                f"{self._client.name}: '{entity}' is not read from Heartland, only orders are.", code="entity"
            )
        return await self._client.find("read", f"order {native_id}", f"{ORDERS}/{encode(native_id)}")

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
        return _seen(read_as(Order, content, f"{self._client.name}: the new order {draft.public_id}", done=True))

    async def find_order(self, public_id: str) -> SeenOrder | None:
        """The order of that ExternalID (``GET /v1/orders?external_id=``), letter for letter.

        Raises:
            Rejected: there are several, which a person must sort out.
        """
        content = await self._client.get(
            "find_order", f"order {public_id}", ORDERS, [("external_id", public_id), ("sort", "id")]
        )
        page = read_as(Page[Order], content, f"{self._client.name}: the orders called {public_id}")
        found = [order for order in page.results if order.external_id == public_id]
        if len(found) > 1:
            ids = ", ".join(order.order_id for order in found)
            raise Rejected(
                f"{self._client.name} has {page.total} orders called {public_id}: {ids}. Cancel or renumber all but "
                "one there, then replay.",
                code="collision",
            )
        return _seen(found[0]) if found else None

    async def set_status(self, order_id: str, status: str) -> SeenOrder:
        """Set the status (``PUT /v1/orders/{OrderID}``): Open goes to Fulfilled or Cancelled and then stays."""
        content = await self._client.change(
            "PUT", "set_status", f"order {order_id}", f"{ORDERS}/{encode(order_id)}", {"Status": status}
        )
        return _seen(read_as(Order, content, f"{self._client.name}: order {order_id}", done=True))

    async def list_orders(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Orders that changed then or later, oldest change first (``GET /v1/orders``)."""
        return await self._client.list("list_orders", ORDERS, updated_since, page=page, page_size=page_size)

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


def _seen(order: Order) -> SeenOrder:
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
    )
