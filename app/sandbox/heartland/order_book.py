"""Keeping orders: find one, write one, tell what became of it."""

from __future__ import annotations

import sqlite3

from app.sandbox.heartland.account import Account, Call
from app.sandbox.heartland.sums import payment_status
from app.sandbox.heartland.values import Json, decimal, dump, load, text

FIRST_ORDER_ID = 100_001


def find_order(account: Account, order_id: str) -> sqlite3.Row | None:
    """The row of an order."""
    return account.one("SELECT * FROM orders WHERE order_id = ?", int(order_id))


def name_of(order: Json) -> str:
    """What a person calls it: its ExternalID, or its own number."""
    return str(order["ExternalID"] or order["OrderID"])


def insert_order(account: Account, call: Call, order: Json) -> None:
    """Add a new order and tell it."""
    account.connection.execute(
        "INSERT INTO orders(order_id, external_id, status, location_id, customer_id, order_date, total_amount,"
        " currency, updated_at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            int(order["OrderID"]),
            order["ExternalID"] or "",
            order["Status"],
            order["LocationID"],
            order["CustomerID"] or "",
            order["OrderDate"],
            text(order["TotalAmount"]),
            order["Currency"],
            call.now,
            dump(order).decode(),
        ),
    )
    account.connection.executemany(
        "INSERT INTO order_lines(order_id, line, sku, quantity, price, tax, discount) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                int(order["OrderID"]),
                number,
                line["SKU"],
                *(text(decimal(line[name])) for name in ("Quantity", "Price", "Tax", "Discount")),
            )
            for number, line in enumerate(order["LineItems"], start=1)
        ],
    )
    _tell(account, call, "order.created", order)


def save_order(account: Account, call: Call, before: Json, after: Json) -> Json:
    """Write a changed order and tell it; nothing happens if nothing changed. Returns the order as it is now."""
    after = after | {"PaymentStatus": payment_status(after)}
    if load(dump(after)) == before:
        return before
    after["UpdatedAt"] = call.now
    account.connection.execute(
        "UPDATE orders SET external_id = ?, status = ?, customer_id = ?, updated_at = ?, document = ?"
        " WHERE order_id = ?",
        (
            after["ExternalID"] or "",
            after["Status"],
            after["CustomerID"] or "",
            call.now,
            dump(after).decode(),
            int(after["OrderID"]),
        ),
    )
    _tell(account, call, "order.updated", after)
    return after


def _tell(account: Account, call: Call, event: str, order: Json) -> None:
    account.tell(call, event, name_of(order), order, {"OrderID": order["OrderID"]})
