"""Shipments of the web store. Implements WebShipments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from app.http_errors import one_line
from app.listing import Listing
from app.magento.afterwards import afterwards
from app.magento.client import MagentoClient
from app.magento.documents import Documents, Kind
from app.magento.goods import check_left, check_source
from app.magento.ids import item_rows, made, whole
from app.magento.lifecycle import MagentoLifecycle
from app.magento.lists import Polled, changed, the_one
from app.magento.stock import MagentoStock
from app.urls import encode
from app.wire import read_as
from schemas.magento import PickupResult, Shipment, Track
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import WebOrder, WebOrderLine, WebShipment, WebShipmentDraft, WebTrack

SHIPMENTS = "/V1/shipments"
CHANGED = Polled("list_shipments", "shipments", SHIPMENTS)
READY = "/V1/order/notify-orders-are-ready-for-pickup"
KIND = Kind("shipment", Shipment, single="/V1/shipment", several=SHIPMENTS)


class MagentoShipments:
    """Shipments of one connection.

    Args:
        sources: False where Magento's inventory modules are removed: goods leave no source, and it knows none.
    """

    def __init__(self, client: MagentoClient, *, sources: bool = True) -> None:
        self._client = client
        self._sources = sources
        self._documents = Documents(client, KIND)
        self._orders = MagentoLifecycle(client)
        self._stock = MagentoStock(client)

    async def ship_order(self, draft: WebShipmentDraft) -> WebShipment:
        """Ship (``POST /V1/order/:orderId/ship``) and read it back (``GET /V1/shipment/:id``).

        Two answers of Magento say nothing: a quantity above what is left is cut without a word, and a short source is
        400 "Could not save a shipment". So both are looked at before, which counts as part of the mutation.
        """
        began = self._client.begin()
        order = await self._orders.existing("ship_order", draft.order_id)
        check_left(self._client.name, order, draft.units)
        if self._sources:
            await check_source(self._client, self._stock, order, draft)
        subject, path = f"order {order.number}", f"/V1/order/{encode(draft.order_id)}/ship"
        what = f"{self._client.name}: ship_order for {subject}"
        body = _body(self._client.name, draft, sources=self._sources)
        shipment_id = made(await self._client.post("ship_order", subject, path, body, began=began), what)
        with afterwards(what):
            shipment = _seen(await self._documents.read("ship_order", shipment_id))
        return self._uncut(order, draft, shipment)

    async def shipments_of(self, order_id: str) -> Sequence[WebShipment]:
        """Shipments of an order (``GET /V1/shipments``)."""
        return tuple(_seen(row) for row in await self._documents.of_order("shipments_of", order_id))

    async def find_shipment(self, order_id: str, marker: str) -> WebShipment | None:
        """The shipment with that marker in a comment, or as a track's number (``GET /V1/shipments``)."""
        row = await self._documents.find("find_shipment", order_id, marker)
        return None if row is None else _seen(row)

    async def add_track(self, order_id: str, shipment_id: str, track: WebTrack) -> str:
        """Add a track (``POST /V1/shipment/track``); Magento keeps it as often as it is sent."""
        entity = {
            "order_id": whole(self._client.name, "order", order_id),
            "parent_id": whole(self._client.name, "shipment", shipment_id),
            **_track(track),
        }
        subject = f"shipment {shipment_id} of order {order_id}"
        content = await self._client.post("add_track", subject, "/V1/shipment/track", {"entity": entity})
        what = f"{self._client.name}: the new track of {subject}"
        return read_as(Track, content, what, done=True).entity_id

    async def find_track(self, shipment_id: str, number: str) -> str | None:
        """The track of that number, letter for letter (``GET /V1/shipment/:id``)."""
        shipment = await self._documents.read("find_track", shipment_id)
        found = [track for track in shipment.tracks if track.track_number == number]
        called = f"{self._client.name}: tracks {number} of shipment {shipment_id}"
        track = the_one(found, [track.entity_id for track in found], called)
        return None if track is None else track.entity_id

    async def ready_for_pickup(self, order_id: str) -> WebShipment:
        """Say that it is ready (``POST /V1/order/notify-orders-are-ready-for-pickup``), which ships and mails.

        The route checks neither that it is a pickup order nor whether it was told before, and mails again then: both
        are looked at first, as part of the mutation.
        """
        began = self._client.begin()
        order = await self._pickup_order(order_id)
        ready = await self._shipped(order)
        if ready is not None:
            return ready
        subject = f"order {order.number}"
        what = f"{self._client.name}: ready_for_pickup for {subject}"
        body = {"orderIds": [whole(self._client.name, "order", order_id)]}
        content = await self._client.post("ready_for_pickup", subject, READY, body, began=began)
        result = read_as(PickupResult, content, what, done=True)
        if not result.successful:
            raise Rejected(
                f"{self._client.name}: {subject} was not made ready for pickup at {order.pickup_location}: "
                f"'{one_line('; '.join(result.errors))}'. Nothing was shipped. See that its source there holds the "
                "goods, then replay.",
                code="not_ready",
            )
        with afterwards(what):
            ready = await self._shipped(await self._pickup_order(order_id))
        if ready is None:
            raise OutcomeUnknown(f"{what} was done, and the order shows no shipment. It is looked up.", code="not_seen")
        return ready

    async def find_ready(self, order_id: str) -> str | None:
        """The id of the newest shipment of a pickup order of which nothing is left to ship."""
        order = await self._orders.order_lines(order_id)
        if order is None or not order.pickup_location:
            return None
        ready = await self._shipped(order)
        return None if ready is None else ready.shipment_id

    async def list_shipments(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Shipments that changed then or later, oldest change first (``GET /V1/shipments``). Neither a comment nor a
        track on one moves its ``updated_at``."""
        return await changed(self._client, CHANGED, updated_since, page, page_size)

    async def _pickup_order(self, order_id: str) -> WebOrder:
        order = await self._orders.order_lines(order_id)
        if order is None or not order.pickup_location:
            problem = (
                f"there is no order {order_id}" if order is None else f"order {order.number} is not to be picked up"
            )
            raise Rejected(
                f"{self._client.name}: {problem}, so nobody was told that it is ready. Ship it instead, or discard "
                "this event.",
                code="no_pickup",
            )
        return order

    async def _shipped(self, order: WebOrder) -> WebShipment | None:
        """Its newest shipment, if all of it was shipped; None if nothing was.

        Raises:
            Rejected: a part of it was.
        """
        shipments = await self.shipments_of(order.order_id)
        if not shipments:
            return None
        left = [line.sku for line in order.lines if not line.parent_id and _is_awaited(line)]
        if left:
            raise Rejected(
                f"{self._client.name}: pickup order {order.number} was shipped in part, {', '.join(left)} is left. "
                "Ship the rest there by hand and tell the customer, then discard this event.",
                code="shipped_in_part",
            )
        return shipments[-1]

    def _uncut(self, order: WebOrder, draft: WebShipmentDraft, shipment: WebShipment) -> WebShipment:
        """The shipment. Raises Rejected if it is another than was asked for: somebody shipped meanwhile."""
        if all(shipment.units.get(row) == pieces for row, pieces in draft.units.items()):
            return shipment
        asked, came = _told(draft.units), _told(shipment.units)
        raise Rejected(
            f"{self._client.name}: shipment {shipment.number} of order {order.number} was made, and with other pieces: "
            f"asked for pieces by row {asked}, made {came}. Magento cuts what is not left: look whether the order was "
            "shipped by hand meanwhile, then correct the shipments on one side and discard this event.",
            code="cut",
        )


def _is_awaited(line: WebOrderLine) -> bool:
    """Whether the customer is still to get some of it. What was refunded before the rest was shipped stays left to ship
    for Magento, which takes the greater of both figures."""
    return line.left_to_ship > 0 and line.ordered > line.shipped + line.refunded + line.canceled


def _told(units: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{row}: {pieces:f}" for row, pieces in sorted(units.items()))


def _body(connection: str, draft: WebShipmentDraft, *, sources: bool) -> dict[str, object]:
    source = {"arguments": {"extension_attributes": {"source_code": draft.source}}} if sources else {}
    return {
        "items": item_rows(connection, draft.units),
        "notify": draft.notify,
        "appendComment": False,  # the comment is for us; it is kept all the same
        "comment": {"comment": draft.comment, "is_visible_on_front": 0},
        "tracks": [_track(track) for track in draft.tracks],
        **source,
    }


def _track(track: WebTrack) -> dict[str, object]:
    return {"track_number": track.number, "title": track.title, "carrier_code": track.carrier}


def _seen(row: Shipment) -> WebShipment:
    return WebShipment(
        shipment_id=row.entity_id,
        order_id=row.order_id,
        number=row.increment_id,
        source=row.extension_attributes.source_code,
        units=row.units,
        tracks=tuple(WebTrack(track.carrier_code, track.title, track.track_number) for track in row.tracks),
    )
