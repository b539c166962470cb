"""Customer profiles. Nothing about them is unique; purchases are worked out from the orders."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from app.sandbox.heartland.account import Account, Call, Created
from app.sandbox.heartland.errors import not_found
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.values import Json, dump, load

WEB_GUEST = "Web guest"
"""The profile that web orders share as long as no customer flow makes their own."""
FIRST_NUMBER = 1001

EMPTY: Json = {"FirstName": "", "LastName": "", "Email": "", "Phone": "", "Addresses": []}


def list_customers(account: Account, call: Call) -> Json:
    """GET /v1/customers."""
    listing = Listing("customers", "number", lambda row: _show(account, row), {"email": "email"})
    return list_page(account, call, listing)


def create_customer(account: Account, call: Call) -> Created:
    """POST /v1/customers."""
    number = account.next_id("customers", "number", FIRST_NUMBER)
    _insert(account, number, str(number), call.body, call.now)
    call.resource_key = call.body.get("ExternalID", str(number))
    return Created(_show(account, _row(account, str(number))), f"/v1/customers/{number}")


def get_customer(account: Account, call: Call) -> Json:
    """GET /v1/customers/{CustomerID}."""
    return _show(account, _row(account, call.params["CustomerID"]))


def update_customer(account: Account, call: Call) -> Json:
    """PUT /v1/customers/{CustomerID}."""
    row = _row(account, call.params["CustomerID"])
    before = load(row["document"])
    after = before | call.body
    if after != before:
        after["UpdatedAt"] = call.now
        account.connection.execute(
            "UPDATE customers SET external_id = ?, email = ?, updated_at = ?, document = ? WHERE number = ?",
            (after["ExternalID"] or "", after["Email"], call.now, dump(after).decode(), row["number"]),
        )
    return _show(account, _row(account, row["customer_id"]))


def is_customer(account: Account, customer_id: str) -> bool:
    """Whether there is such a profile."""
    return account.one("SELECT 1 FROM customers WHERE customer_id = ?", customer_id) is not None


def seed_web_guest(account: Account) -> None:
    """Make the shared profile of web guests."""
    _insert(account, 1, WEB_GUEST, {"LastName": WEB_GUEST}, account.tick())


def _insert(account: Account, number: int, customer_id: str, body: Json, now: str) -> None:
    document = {"CustomerID": customer_id, "ExternalID": None, **EMPTY, **body, "UpdatedAt": now}
    account.connection.execute(
        "INSERT INTO customers(number, customer_id, external_id, email, updated_at, document)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (number, customer_id, document["ExternalID"] or "", document["Email"], now, dump(document).decode()),
    )


def _row(account: Account, customer_id: str) -> sqlite3.Row:
    row = account.one("SELECT * FROM customers WHERE customer_id = ?", customer_id)
    if row is None:
        raise not_found(f"Customer '{customer_id}'")
    return row


def _show(account: Account, row: sqlite3.Row) -> Json:
    found = account.one(
        "SELECT count(*) AS number, coalesce(sum(CAST(round(total_amount * 100) AS INTEGER)), 0) AS cents,"
        " max(order_date) AS last FROM orders WHERE customer_id = ? AND customer_id <> '' AND status <> 'Cancelled'",
        row["customer_id"],
    )
    assert found is not None  # noqa: S101 - a count always has a row
    purchases = {
        "Count": found["number"],
        "TotalAmount": Decimal(found["cents"]) / 100,
        "LastOrderDate": found["last"],
    }
    return load(row["document"]) | {"Purchases": purchases}


HANDLERS = (list_customers, create_customer, get_customer, update_customer)
