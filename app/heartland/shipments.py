"""Shipments on the point of sale's orders. Implements PosShipments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.heartland.client import HeartlandClient
from app.heartland.entries import Kind, OrderEntries, pieces
from schemas.heartland import Shipment, ShippedOrder
from streams.ports import ParcelDraft, SeenParcel


def _texts(parcel: Mapping[str, Any]) -> Iterable[object]:
    return parcel.get("TrackingNumber"), parcel.get("Carrier")


KIND: Kind[Shipment] = Kind(
    field="Shipments",
    noun="shipment",
    model=ShippedOrder,
    entries=lambda order: order.shipments,
    key=lambda shipment: shipment.shipment_id,
    texts=_texts,
)


class HeartlandShipments:
    """Shipments of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._entries = OrderEntries(client, KIND)

    async def shipments_of(self, order_id: str) -> Sequence[SeenParcel]:
        """Shipments of an order. Raises Rejected if there is no such order."""
        return tuple(_seen(entry) for entry in await self._entries.entries_of("shipments_of", order_id))

    async def find_shipment(self, order_id: str, marker: str) -> SeenParcel | None:
        """The shipment whose ``TrackingNumber`` or ``Carrier`` carries the marker.

        Raises:
            Rejected: there are several, or no such order.
        """
        found = await self._entries.find("find_shipment", order_id, marker)
        return None if found is None else _seen(found)

    async def append_shipment(self, order_id: str, draft: ParcelDraft) -> SeenParcel:
        """Record it; sent once. It moves no stock: what leaves it is ``Fulfilled``. Raises as `OrderEntries.append`."""
        return _seen(await self._entries.append("append_shipment", order_id, draft.marker, draft.document))


def _seen(shipment: Shipment) -> SeenParcel:
    return SeenParcel(
        shipment_id=shipment.shipment_id,
        shipped_at=shipment.shipped_at,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        units=pieces(shipment.lines),
    )
