"""Shipments and their tracks: goods leave a source, the reservation ends. Quantities above what is left are cut without
a word."""

from __future__ import annotations

from decimal import Decimal

from app.sandbox.magento import documents, orders
from app.sandbox.magento.errors import RestError, could_not_save
from app.sandbox.magento.lifecycle import (
    DEFAULT_STATUS,
    NO_SHIPMENT,
    can_ship,
    left_to_ship,
    rows_with_money,
    settle_state,
)
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.stock import reserve, take_from_source
from app.sandbox.magento.typed import read_parameters
from app.sandbox.premises import DEFAULT_SOURCE

PARAMETERS = {
    "items": "array<ShipmentItemCreation>?",
    "notify": "boolean?",
    "appendComment": "boolean?",
    "comment": "ShipmentCommentCreation?",
    "tracks": "array<ShipmentTrackCreation>?",
    "packages": "array<ShipmentPackageCreation>?",
    "arguments": "ShipmentCreationArguments?",
}


def ship_order(shop: Shop, call: Call) -> str:
    """POST /V1/order/:orderId/ship. No items means everything left; the answer does not say what was shipped."""
    sent = read_parameters(call.body, PARAMETERS)
    document = orders.load_order(shop, call.params["orderId"])
    call.resource_key = str(document["increment_id"])
    quantities = _quantities(document, sent.get("items") or [])
    tracks = sent.get("tracks") or []
    _check(document, quantities, tracks)
    extension = (sent.get("arguments") or {}).get("extension_attributes") or {}
    shipment = _shipment(shop, document, quantities, extension.get("source_code") or DEFAULT_SOURCE)
    shipment["tracks"] = [_track(shop, shipment, track) for track in tracks]
    shipment["comments"] = [_comment(shop, shipment, sent)] if sent.get("comment") else []
    moves = settle_state(document)
    _keep(shop, document, shipment, moves=moves)
    if sent.get("notify"):
        mail_about_order(shop, Mail.SHIPMENT, document)
    return str(shipment["entity_id"])


def ship_for_pickup(shop: Shop, document: Json, source: str) -> None:
    """Ship everything that is left from one source. The status becomes complete whatever the state is.

    Raises:
        RestError: the source has not enough.
    """
    shipment = _shipment(shop, document, _quantities(document, []), source) | {"tracks": [], "comments": []}
    settle_state(document)
    document["status"] = DEFAULT_STATUS["complete"]
    _keep(shop, document, shipment, moves=True)


def _keep(shop: Shop, document: Json, shipment: Json, *, moves: bool) -> None:
    documents.keep(shop, "shipments", shipment)
    orders.store_order(shop, document, moves=moves)
    shop.tell_saved("shipment", shipment, f"shipment {shipment['increment_id']}")
    if moves:
        shop.tell_order_saved(orders.shown(shop, document))


def _quantities(document: Json, items: list[Json]) -> dict[int, Decimal]:
    """Units to ship by item id: cut down to what is left; unknown, virtual, child and fractional rows drop out."""
    rows = {row["item_id"]: row for row in rows_with_money(document) if left_to_ship(row) > 0}
    if not items:
        return {item_id: left_to_ship(row) for item_id, row in rows.items()}
    wanted: dict[int, Decimal] = {}
    for item in items:
        row = rows.get(item.get("order_item_id", 0))
        quantity = decimal(item.get("qty"))
        if row is not None and int(quantity) > 0:
            wanted[row["item_id"]] = min(quantity, left_to_ship(row))
    return wanted


def _check(document: Json, quantities: dict[int, Decimal], tracks: list[Json]) -> None:
    problems = []
    if document["state"] in NO_SHIPMENT:
        problems.append(f"A shipment cannot be created when an order has a status of {document['status']}")
    elif not can_ship(document):
        problems.append("The order does not allow a shipment to be created.")
    if not quantities:
        problems.append("You can't create a shipment without products.")
    if any(not track.get("track_number") for track in tracks):
        problems.append("Please enter a tracking number.")
    if problems:
        raise RestError(400, "\n".join(["Shipment Document Validation Error(s):", *problems]))


def _shipment(shop: Shop, document: Json, quantities: dict[int, Decimal], source: str) -> Json:
    """Make the shipment, take the goods off the source and book it on the order's rows."""
    entity_id = shop.next_id("shipment")
    now = shop.now()
    items = []
    for row in rows_with_money(document):
        quantity = quantities.get(row["item_id"])
        if quantity is None:
            continue
        if not take_from_source(shop, row["sku"], source, quantity):
            raise RestError(400, "Could not save a shipment, see error log for details")
        reserve(shop, row["sku"], quantity, document, "shipment_created")
        row["qty_shipped"] = number(decimal(row["qty_shipped"]) + quantity)
        row["updated_at"] = now
        items.append(_item(shop, row, quantity, entity_id))
    address = document["extension_attributes"]["shipping_assignments"][0]["shipping"].get("address") or {}
    return {
        "billing_address_id": document["billing_address_id"],
        "created_at": now,
        "entity_id": entity_id,
        "increment_id": shop.next_number("shipment", document["store_id"]),
        "order_id": document["entity_id"],
        "packages": [],
        "shipping_address_id": address.get("entity_id"),
        "store_id": document["store_id"],
        "total_qty": number(sum(quantities.values(), Decimal(0))),
        "updated_at": now,
        "items": items,
        "extension_attributes": {"source_code": source},
    }


def _item(shop: Shop, row: Json, quantity: Decimal, shipment_id: int) -> Json:
    return {
        "entity_id": shop.next_id("shipment_item"),
        "name": row["name"],
        "parent_id": shipment_id,
        "price": row["price"],
        "product_id": row["product_id"],
        "sku": row["sku"],
        "weight": row["weight"],
        "order_item_id": row["item_id"],
        "qty": number(quantity),
    }


def _track(shop: Shop, shipment: Json, track: Json) -> Json:
    now = shop.now()
    return {
        "order_id": shipment["order_id"],
        "created_at": now,
        "entity_id": shop.next_id("shipment_track"),
        "parent_id": shipment["entity_id"],
        "updated_at": now,
        "weight": track.get("weight"),
        "qty": track.get("qty"),
        "description": track.get("description"),
        "track_number": track["track_number"],
        "title": track.get("title"),
        "carrier_code": track.get("carrier_code"),
    }


def add_track(shop: Shop, call: Call) -> Json:
    """POST /V1/shipment/track: a further track, as often as it is sent. It moves no ``updated_at``."""
    sent = read_parameters(call.body, {"entity": "ShipmentTrack"})["entity"]
    try:
        shipment = documents.load(shop, "shipments", sent.get("parent_id") or 0)
    except RestError:
        raise could_not_save("add_track") from None
    call.resource_key = str(orders.load_order(shop, shipment["order_id"])["increment_id"])
    if not sent.get("track_number") or sent.get("order_id") != shipment["order_id"]:
        raise could_not_save("add_track")
    track = _track(shop, shipment, sent)
    shipment["tracks"].append(track)
    documents.change(shop, "shipments", shipment)
    return track


def _comment(shop: Shop, shipment: Json, sent: Json) -> Json:
    """Stored also without appendComment; with it and notify it is marked as mailed."""
    return {
        "is_customer_notified": int(bool(sent.get("appendComment") and sent.get("notify"))),
        "parent_id": shipment["entity_id"],
        "comment": sent["comment"].get("comment"),
        "is_visible_on_front": sent["comment"].get("is_visible_on_front") or 0,
        "created_at": shipment["created_at"],
        "entity_id": shop.next_id("shipment_comment"),
    }


def get_shipment(shop: Shop, call: Call) -> Json:
    """GET /V1/shipment/:id."""
    return documents.get(shop, "shipments", call)


def list_shipments(shop: Shop, call: Call) -> Json:
    """GET /V1/shipments."""
    return documents.find(shop, "shipments", call)


ROUTES = (
    Route("POST", "/V1/order/:orderId/ship", "Magento_Sales::ship", ship_order),
    Route("POST", "/V1/shipment/track", "Magento_Sales::shipment", add_track),
    Route("GET", "/V1/shipment/:id", "Magento_Sales::shipment", get_shipment),
    Route("GET", "/V1/shipments", "Magento_Sales::shipment", list_shipments, lists=True),
)
