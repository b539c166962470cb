"""Reads any entity of the point of sale again. Implements EntityReader."""

from __future__ import annotations

from collections.abc import Mapping

from app import exact_json
from app.heartland.client import HeartlandClient
from app.heartland.customers import CUSTOMERS
from app.heartland.gift_cards import GIFT_CARDS
from app.heartland.orders import ORDERS
from app.heartland.payments import PAYMENTS
from app.heartland.products import PRODUCTS
from app.urls import encode
from streams.errors import Rejected

RESOURCES: Mapping[str, str] = {
    "customer": CUSTOMERS,
    "gift_card": GIFT_CARDS,
    "order": ORDERS,
    "payment": PAYMENTS,
    "product": PRODUCTS,
}
"""Where an entity of raw events is read by its id, which for a product is its SKU."""

OF_ITS_ORDER = ("ExternalID", "Status", "BalanceDue", "PaymentStatus", "UpdatedAt")
"""What a payment is read with."""


class HeartlandReader:
    """Entities of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def read(self, entity: str, native_id: str) -> bytes | None:
        """The entity's JSON (``GET /v1/orders/{OrderID}`` and its like), None if Heartland does not have it.

        A payment has under ``Order`` what its order says of itself: whose it is, and how far it is paid; nothing if it
        belongs to none.

        Raises:
            Rejected: an entity that Heartland does not show by its id.
        """
        resource = RESOURCES.get(entity)
        if resource is None:
            known = ", ".join(RESOURCES)
            raise Rejected(
                f"{self._client.name}: '{entity}' is not read from Heartland, only {known}: correct the flow document "
                "whose source it is, then replay.",
                code="entity",
            )
        name = f"{entity.replace('_', ' ')} {native_id}"
        content = await self._client.find("read", name, f"{resource}/{encode(native_id)}")
        return await self._with_order(content) if content is not None and entity == "payment" else content

    async def _with_order(self, content: bytes) -> bytes:
        payment = exact_json.loads(content)
        order_id = payment.get("OrderID")
        found = await self.read("order", str(order_id)) if order_id else None
        order = exact_json.loads(found) if found is not None else {}
        return exact_json.dumps(payment | {"Order": {name: order[name] for name in OF_ITS_ORDER if name in order}})
