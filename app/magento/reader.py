"""Entities as Magento shows them, where an event is only a hint. Implements EntityReader."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app import exact_json
from app.gift_card_codes import LAST_FOUR, CodeMask
from app.magento.client import MagentoClient
from app.magento.invoices import MagentoInvoices
from app.magento.product_names import MagentoProductNames
from app.urls import encode
from streams.errors import Rejected

ROUTES: Mapping[str, str] = {
    "order": "/V1/orders",
    "invoice": "/V1/invoices",
    "shipment": "/V1/shipment",
    "credit_memo": "/V1/creditmemo",
    "transaction": "/V1/transactions",
    "customer": "/V1/customers",
}
"""Each followed by the entity's id. Some are in the singular."""

OF_AN_ORDER = frozenset({"invoice", "shipment", "credit_memo", "transaction"})
"""What names its order by id alone: the order's head is read with it."""

HEAD = (
    "entity_id,increment_id,ext_order_id,store_id,state,status,updated_at,payment,"
    "items[item_id,parent_item_id,product_type,is_virtual,qty_ordered,qty_shipped,qty_refunded,qty_canceled,"
    "sku,product_id,product_option]"
)
"""Of an order, what those who map a part of it ask: its number, here and in the point of sale, how it is paid, and what
of it has left."""


class MagentoReader:
    """Reads entities of one connection."""

    def __init__(self, client: MagentoClient, codes: CodeMask = LAST_FOUR) -> None:
        self._client = client
        self._codes = codes
        self._invoices = MagentoInvoices(client)
        self._names = MagentoProductNames(client)

    async def read(self, entity: str, native_id: str) -> bytes | None:
        """The entity's JSON (``GET /V1/orders/:id`` and its like), None if Magento does not have it. Gift cards' codes
        in it are masked, and rows with custom options are named by their product's SKU.

        What belongs to an order has the order's head under ``order``. An invoice's says in
        ``paid_by_earlier_invoices``, in the base currency, what the paid ones before it make.

        Raises:
            Rejected: an entity that Magento does not show by its id.
        """
        route = ROUTES.get(entity)
        if route is None:
            raise Rejected(
                f"{self._client.name}: '{entity}' is not read from Magento, only {', '.join(ROUTES)}: correct the flow "
                "document whose source it is, then replay.",
                code="entity",
            )
        name = f"{entity.replace('_', ' ')} {native_id}"
        content = await self._client.find("read", name, f"{route}/{encode(native_id)}")
        if content is None:
            return None
        content = self._codes.body(content)
        if entity not in OF_AN_ORDER:
            return await self._names.in_order(content) if entity == "order" else content
        document = exact_json.loads(content)
        head = await self._head(str(document.get("order_id", "")))
        if head is not None:
            _rename(document, await self._names.of_rows(head.get("items") or []))
        if head is not None and entity == "invoice":
            head["paid_by_earlier_invoices"] = await self._paid_before(document)
        return exact_json.dumps(document if head is None else document | {"order": head})

    async def _head(self, order_id: str) -> dict[str, Any] | None:
        path = f"/V1/orders/{encode(order_id)}"
        content = await self._client.find("read", f"order {order_id}", path, [("fields", HEAD)])
        return None if content is None else dict(exact_json.loads(content))

    async def _paid_before(self, invoice: Mapping[str, Any]) -> Decimal:
        invoices = await self._invoices.invoices_of(str(invoice["order_id"]))
        this = int(invoice["entity_id"])
        earlier = (one for one in invoices if int(one.invoice_id) < this and one.state == "paid")
        return sum((one.total for one in earlier), Decimal(0))


def _rename(document: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Name what belongs to an order as the order's rows are."""
    for row in document.get("items") or ():
        row["sku"] = names.get(str(row.get("order_item_id")), row.get("sku"))
