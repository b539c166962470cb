"""Orders: web orders, which wait to be packed, and sales in store, which are over at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from decimal import Decimal

import orjson

from app.sandbox.heartland.account import CURRENCY, Account, Call, Created
from app.sandbox.heartland.customers import is_customer
from app.sandbox.heartland.errors import invalid, not_found
from app.sandbox.heartland.inventory import Move, move_stock
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.order_book import FIRST_ORDER_ID, find_order, insert_order, name_of, save_order
from app.sandbox.heartland.records import added_refunds, added_shipments, restocked
from app.sandbox.heartland.sums import check_sums, payment_status, units
from app.sandbox.heartland.values import ZERO, Json, dump, load

OPEN, FULFILLED, CANCELLED = "Open", "Fulfilled", "Cancelled"

FREE_FIELDS = ("ExternalID", "CustomerID", "ShippingAddress", "BillingAddress")
"""Fields that a PUT simply replaces."""


def list_orders(account: Account, call: Call) -> Json:
    """GET /v1/orders."""
    return list_page(account, call, LISTING)


def get_order(account: Account, call: Call) -> orjson.Fragment:
    """GET /v1/orders/{OrderID}."""
    return _show(_row(account, call))


def create_order(account: Account, call: Call) -> Created:
    """POST /v1/orders: always a new order."""
    body = call.body
    problems = _unknown(account, body) | check_sums(body)
    if problems:
        raise invalid(problems)
    order = _document(str(account.next_id("orders", "order_id", FIRST_ORDER_ID)), body, call.now)
    call.resource_key = name_of(order)
    insert_order(account, call, order)
    _move(account, call, order, *((-1, 0) if order["Status"] == FULFILLED else (0, 1)))
    return Created(order, f"/v1/orders/{order['OrderID']}")


def update_order(account: Account, call: Call) -> Json:
    """PUT /v1/orders/{OrderID}."""
    before = load(_row(account, call)["document"])
    call.resource_key = name_of(before)
    body = load(dump(call.body))
    problems = _unknown(account, body) | _unwilling(before, body)
    shipments = added_shipments(before, body.get("Shipments"), problems)
    refunds = added_refunds(before, body.get("Refunds"), problems)
    after = before | {name: body[name] for name in FREE_FIELDS if name in body}
    after["Status"] = body.get("Status", before["Status"])
    if any(restocked(refund) for refund in refunds) and after["Status"] != FULFILLED:
        problems["Refunds"] = "only the goods of a Fulfilled order can be restocked"
    if problems:
        raise invalid(problems)
    after["Shipments"] = before["Shipments"] + shipments
    after["Refunds"] = before["Refunds"] + refunds
    after = save_order(account, call, before, after)
    _change_stock(account, call, before, after, refunds)
    for shipment in shipments:
        notice = {"OrderID": after["OrderID"], "ExternalID": after["ExternalID"], "Shipment": shipment}
        account.tell(call, "shipment.created", name_of(after), notice, {"OrderID": after["OrderID"]})
    return after


def _document(order_id: str, body: Json, now: str) -> Json:
    nothing: Json = {
        "ExternalID": None,
        "CustomerID": None,
        "ShippingAddress": None,
        "BillingAddress": None,
    }
    made: Json = {"PaymentStatus": payment_status(body), "Shipments": [], "Refunds": [], "UpdatedAt": now}
    return {"OrderID": order_id, **nothing, **body, **made}


def _unknown(account: Account, body: Json) -> dict[str, str]:
    """What the order names and the account does not have."""
    problems = {}
    if "LocationID" in body and body["LocationID"] not in account.locations:
        problems["LocationID"] = f"unknown location '{body['LocationID']}'"
    if "CustomerID" in body and not is_customer(account, body["CustomerID"]):
        problems["CustomerID"] = f"unknown customer '{body['CustomerID']}'"
    if body.get("Currency", CURRENCY) != CURRENCY:
        problems["Currency"] = f"this account sells in {CURRENCY}"
    for place, line in enumerate(body.get("LineItems", ())):
        if account.one("SELECT 1 FROM products WHERE sku = ?", line["SKU"]) is None:
            problems[f"LineItems[{place}].SKU"] = f"unknown SKU '{line['SKU']}'"
    return problems


def _unwilling(before: Json, body: Json) -> dict[str, str]:
    """A change of status that cannot be."""
    status = body.get("Status", before["Status"])
    if status == before["Status"] or before["Status"] == OPEN:
        return {}
    return {"Status": f"the order is {before['Status']} and stays so"}


def _change_stock(account: Account, call: Call, before: Json, after: Json, refunds: list[Json]) -> None:
    """What a new status does to the stock, and what came back onto the shelf."""
    if before["Status"] != after["Status"]:
        _move(account, call, after, *((-1, -1) if after["Status"] == FULFILLED else (0, -1)))
    back = [line for refund in refunds for line in restocked(refund)]
    _apply(account, call, after, {sku: Move(quantity, ZERO) for sku, quantity in units(back).items()})


def _move(account: Account, call: Call, order: Json, on_hand: int, committed: int) -> None:
    """Move the order's units: each factor says how often they are added to that figure."""
    moves = units(order["LineItems"]).items()
    _apply(account, call, order, {sku: _times(quantity, on_hand, committed) for sku, quantity in moves})


def _times(quantity: Decimal, on_hand: int, committed: int) -> Move:
    return Move(on_hand * quantity, committed * quantity)


def _apply(account: Account, call: Call, order: Json, moves: Mapping[str, Move]) -> None:
    move_stock(account, call, order["LocationID"], moves)


def _row(account: Account, call: Call) -> sqlite3.Row:
    row = find_order(account, call.params["OrderID"])
    if row is None:
        raise not_found(f"Order '{call.params['OrderID']}'")
    return row


def _show(row: sqlite3.Row) -> orjson.Fragment:
    return orjson.Fragment(row["document"])


LISTING = Listing(
    "orders",
    "order_id",
    _show,
    {"status": "status", "location_id": "location_id", "customer_id": "customer_id"},
)
HANDLERS = (list_orders, create_order, get_order, update_order)
