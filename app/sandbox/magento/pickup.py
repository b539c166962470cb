"""In-store pickup: orders that are fetched from a location instead of shipped to an address."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import orjson

from app.sandbox.magento import orders
from app.sandbox.magento.errors import NO_SUCH_ENTITY, RestError
from app.sandbox.magento.lifecycle import can_ship, left_to_ship, rows_with_money
from app.sandbox.magento.mail import Mail, mail_about_order
from app.sandbox.magento.routing import Route
from app.sandbox.magento.shipments import ship_for_pickup
from app.sandbox.magento.shop import Call, Json, Shop, decimal
from app.sandbox.magento.typed import read_parameters
from app.sandbox.premises import DEFAULT_SOURCE

NOT_READY = "The order is not ready for pickup"


def notify_ready_for_pickup(shop: Shop, call: Call) -> Json:
    """POST /V1/order/notify-orders-are-ready-for-pickup: ships all that is left from the order's location and mails.

    Called again it mails again. It does not see whether an order is to be picked up at all: an ordinary one is shipped
    from the source that is used if none is named. Always 200; what went wrong is in ``errors``, as JSON in strings.
    """
    order_ids = read_parameters(call.body, {"orderIds": "array<integer>"})["orderIds"]
    errors = []
    numbers = []
    for order_id in order_ids:
        try:
            order = orders.load_order(shop, order_id)
        except RestError:
            errors.append(_error(order_id, NO_SUCH_ENTITY))
            continue
        numbers.append(str(order["increment_id"]))
        if not _make_ready(shop, order):
            errors.append(_error(order_id, NOT_READY))
    call.resource_key = ",".join(numbers)
    return {"successful": not errors, "errors": errors}


def _error(order_id: int, message: str) -> str:
    return orjson.dumps({"id": order_id, "message": message}).decode()


def _make_ready(shop: Shop, order: Json) -> bool:
    """Ship what is left and tell the customer. False, and nothing happens, if it cannot be shipped from there."""
    source = (order.get("extension_attributes") or {}).get("pickup_location_code") or DEFAULT_SOURCE
    left = [row for row in rows_with_money(order) if left_to_ship(row) > 0]
    if left:
        if not can_ship(order) or not _has_all(shop, left, source):
            return False
        ship_for_pickup(shop, order, source)
    mail_about_order(shop, Mail.READY_FOR_PICKUP, order)
    return True


def _has_all(shop: Shop, rows: list[Json], source: str) -> bool:
    """Whether a source holds enough for these rows, also where two share a SKU."""
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        wanted[row["sku"]] += left_to_ship(row)
    for sku, quantity in wanted.items():
        found = shop.one("SELECT quantity FROM source_items WHERE sku = ? AND source_code = ?", sku, source)
        if found is None or decimal(found["quantity"]) < quantity:
            return False
    return True


ROUTES = (
    Route(
        "POST",
        "/V1/order/notify-orders-are-ready-for-pickup",
        "Magento_InventoryInStorePickupApi::notify_orders_are_ready_for_pickup",
        notify_ready_for_pickup,
    ),
)
