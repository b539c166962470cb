"""The web store's back office, over Magento's REST API: money, parcels and cancels of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.demo.rest import Rest

Document = Mapping[str, Any]


class BackOffice:
    """What the web team does.

    Args:
        rest: with credentials of an integration.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def read(self, order_id: str) -> Document:
        """An order as it is now."""
        found: Document = await self._rest.call("GET", f"/rest/V1/orders/{order_id}")
        return found

    async def cancel(self, order_id: str) -> None:
        """Cancel what is not invoiced."""
        await self._rest.call("POST", f"/rest/V1/orders/{order_id}/cancel", {})

    async def invoice(self, order_id: str, items: Sequence[Document] = ()) -> None:
        """Money has come for some rows, for everything left if none are named; a new order goes to processing."""
        await self._rest.call("POST", f"/rest/V1/order/{order_id}/invoice", {"capture": False, "items": list(items)})

    async def refund(self, order_id: str, items: Sequence[Document], arguments: Document) -> Decimal:
        """An offline credit memo. Rows must be named, with 0 if none comes back: without any, everything is refunded.
        Returns its total."""
        body = {"items": list(items), "arguments": arguments}
        return await self._total(await self._rest.call("POST", f"/rest/V1/order/{order_id}/refund", body))

    async def refund_online(self, order_id: str, items: Sequence[Document], arguments: Document) -> Decimal:
        """The same through the gateway, of the invoice that took the money of the first row that comes back; of the
        order's first invoice, which took the shipping, if none does. Returns its total."""
        where = "searchCriteria[filter_groups][0][filters][0]"
        query = f"{where}[field]=order_id&{where}[value]={order_id}"
        invoices = await self._rest.call("GET", f"/rest/V1/invoices?{query}")
        back = next((item["order_item_id"] for item in items if item["qty"]), None)
        took = [one for one in invoices["items"] if any(row["order_item_id"] == back for row in one["items"])]
        invoice = (took or invoices["items"])[0]["entity_id"]
        body = {"isOnline": True, "items": list(items), "arguments": arguments}
        return await self._total(await self._rest.call("POST", f"/rest/V1/invoice/{invoice}/refund", body))

    async def _total(self, memo_id: object) -> Decimal:
        memo = await self._rest.call("GET", f"/rest/V1/creditmemo/{memo_id}")
        return Decimal(str(memo["base_grand_total"]))

    async def ship(self, order_id: str, source: str, items: Sequence[Document], track: str = "") -> str:
        """Rows leave a source, under a number or without one. Returns the shipment's id."""
        tracks = [{"track_number": track, "title": "UPS", "carrier_code": "ups"}] if track else []
        arguments = {"extension_attributes": {"source_code": source}}
        body = {"items": list(items), "tracks": tracks, "arguments": arguments}
        return str(await self._rest.call("POST", f"/rest/V1/order/{order_id}/ship", body))

    async def add_track(self, order_id: str, shipment_id: str, track: str) -> None:
        """A shipment gets its number."""
        entity = {
            "order_id": int(order_id),
            "parent_id": int(shipment_id),
            "track_number": track,
            "title": "UPS",
            "carrier_code": "ups",
            "qty": 1,
            "weight": 1,
            "description": "",
        }
        await self._rest.call("POST", "/rest/V1/shipment/track", {"entity": entity})


def rows(order: Document) -> list[Document]:
    """The rows that carry amounts: all but the children of configurables."""
    return [row for row in order["items"] if not row.get("parent_item_id")]


def pieces(row: Document, name: str) -> int:
    """A row's ``qty_<name>``."""
    return int(row.get(f"qty_{name}") or 0)


def all_shipped(order: Document) -> bool:
    """Whether nothing that can be shipped is left."""
    return all(row.get("is_virtual") or pieces(row, "shipped") >= pieces(row, "ordered") for row in rows(order))
