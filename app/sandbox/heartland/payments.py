"""Payments: taken, authorised, captured, refunded. A captured one becomes a tender of its order."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

import orjson

from app.sandbox.heartland.account import CURRENCY, Account, Call, Created
from app.sandbox.heartland.errors import invalid, not_found
from app.sandbox.heartland.lists import Listing, list_page
from app.sandbox.heartland.order_book import find_order, save_order
from app.sandbox.heartland.sums import add
from app.sandbox.heartland.values import ZERO, Json, decimal, dump, load

SALE, AUTHORIZATION, CAPTURE, REFUND = "Sale", "Authorization", "Capture", "Refund"
PARENTS = {CAPTURE: (AUTHORIZATION,), REFUND: (SALE, CAPTURE)}
FROM_PARENT = ("OrderID", "Type")
FIRST_PAYMENT_ID = 500_001


def list_payments(account: Account, call: Call) -> Json:
    """GET /v1/payments."""
    return list_page(account, call, LISTING)


def get_payment(account: Account, call: Call) -> orjson.Fragment:
    """GET /v1/payments/{PaymentID}."""
    payment = _find(account, call.params["PaymentID"])
    if payment is None:
        raise not_found(f"Payment '{call.params['PaymentID']}'")
    return orjson.Fragment(dump(payment))


def create_payment(account: Account, call: Call) -> Created:
    """POST /v1/payments."""
    body = call.body
    parent = _find(account, body["ParentPaymentID"]) if "ParentPaymentID" in body else None
    problems = _unfit_parent(body, parent)
    order = _order(account, (parent or body).get("OrderID"))
    problems |= _unfit_order(body, order)
    if body["Currency"] != CURRENCY:
        problems["Currency"] = f"this account sells in {CURRENCY}"
    if problems:
        raise invalid(problems)
    payment = _document(str(account.next_id("payments", "payment_id", FIRST_PAYMENT_ID)), body, parent, call.now)
    call.resource_key = payment["ExternalID"] or payment["PaymentID"]
    _insert(account, payment)
    if parent is not None:
        _count_in_parent(account, call, parent, payment)
    if order is not None:
        _book(account, call, order, payment)
    if payment["Kind"] in (SALE, CAPTURE):
        account.tell(
            call, "payment.succeeded", f"payment {payment['PaymentID']}", payment, {"PaymentID": payment["PaymentID"]}
        )
    return Created(payment, f"/v1/payments/{payment['PaymentID']}")


def _unfit_parent(body: Json, parent: Json | None) -> dict[str, str]:
    """What is wrong with the payment that this one rests on."""
    allowed = PARENTS.get(body["Kind"])
    if allowed is None:
        wrong = {"ParentPaymentID": f"a {body['Kind']} has none"} if "ParentPaymentID" in body else {}
        return wrong if "Type" in body else wrong | {"Type": "is required"}
    problems = {name: f"a {body['Kind']} takes it from its parent" for name in FROM_PARENT if name in body}
    if parent is None:
        return problems | {"ParentPaymentID": "names no payment"}
    if parent["Kind"] not in allowed:
        return problems | {"ParentPaymentID": f"is a {parent['Kind']}, not a {' or '.join(allowed)}"}
    left = _left(parent)
    return problems if body["Amount"] <= left else problems | {"Amount": f"only {left:.2f} is left of its parent"}


def _unfit_order(body: Json, order: Json | None) -> dict[str, str]:
    """What keeps the payment from its order."""
    if order is None:
        return {"OrderID": f"unknown order '{body['OrderID']}'"} if "OrderID" in body else {}
    if body["Kind"] == REFUND:
        left = add(order["Tenders"], "Amount") - add(order["Refunds"], "Amount")
        return {"Amount": f"only {left:.2f} of the order's tenders is left"} if body["Amount"] > left else {}
    if order["Status"] == "Cancelled":
        return {"OrderID": "the order is Cancelled"}
    due = decimal(order["BalanceDue"])
    return {"Amount": f"only {due:.2f} is due"} if body["Amount"] > due else {}


def _document(payment_id: str, body: Json, parent: Json | None, now: str) -> Json:
    kind = body["Kind"]
    given: Json = body if parent is None else {**body, **{name: parent[name] for name in FROM_PARENT}}
    return {
        "PaymentID": payment_id,
        "ExternalID": given.get("ExternalID"),
        "Kind": kind,
        "Status": {AUTHORIZATION: "Authorized", REFUND: "Refunded"}.get(kind, "Captured"),
        "OrderID": given.get("OrderID"),
        "ParentPaymentID": given.get("ParentPaymentID"),
        "Amount": given["Amount"],
        "CapturedAmount": given["Amount"] if kind in (SALE, CAPTURE) else ZERO,
        "RefundedAmount": given["Amount"] if kind == REFUND else ZERO,
        "Currency": given["Currency"],
        "Type": given["Type"],
        "Method": given.get("Method", ""),
        "Reference": given.get("Reference", ""),
        "CreatedAt": now,
        "UpdatedAt": now,
    }


def _left(parent: Json) -> Decimal:
    """What can still be captured or refunded."""
    used = "CapturedAmount" if parent["Kind"] == AUTHORIZATION else "RefundedAmount"
    return decimal(parent["Amount"]) - decimal(parent[used])


def _count_in_parent(account: Account, call: Call, parent: Json, payment: Json) -> None:
    used, partly, wholly = {
        CAPTURE: ("CapturedAmount", "PartiallyCaptured", "Captured"),
        REFUND: ("RefundedAmount", "PartiallyRefunded", "Refunded"),
    }[payment["Kind"]]
    parent[used] = decimal(parent[used]) + payment["Amount"]
    parent["Status"] = wholly if _left(parent) == ZERO else partly
    parent["UpdatedAt"] = call.now
    account.connection.execute(
        "UPDATE payments SET status = ?, updated_at = ?, document = ? WHERE payment_id = ?",
        (parent["Status"], call.now, dump(parent).decode(), int(parent["PaymentID"])),
    )


def _book(account: Account, call: Call, order: Json, payment: Json) -> None:
    """Write the money onto its order."""
    amount = payment["Amount"]
    tender = {name: payment[name] for name in ("Type", "Method", "Amount", "Reference")}
    after = dict(order)
    if payment["Kind"] == REFUND:
        refund_id = f"{order['OrderID']}{len(order['Refunds']) + 1:03d}"
        entry: Json = {"RefundID": refund_id, "RefundedAt": call.now, "Amount": amount, "Tenders": [tender]}
        after["Refunds"] = [*order["Refunds"], entry | {"Lines": []}]
    elif payment["Kind"] in (SALE, CAPTURE):
        after["Tenders"] = [*order["Tenders"], tender]
        after["BalanceDue"] = decimal(order["BalanceDue"]) - amount
    save_order(account, call, order, after)


def _insert(account: Account, payment: Json) -> None:
    account.connection.execute(
        "INSERT INTO payments(payment_id, external_id, order_id, status, updated_at, document)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            int(payment["PaymentID"]),
            payment["ExternalID"] or "",
            payment["OrderID"] or "",
            payment["Status"],
            payment["UpdatedAt"],
            dump(payment).decode(),
        ),
    )


def _find(account: Account, payment_id: str) -> Json | None:
    row = account.one("SELECT document FROM payments WHERE payment_id = ?", int(payment_id))
    return load(row["document"]) if row is not None else None


def _order(account: Account, order_id: Any) -> Json | None:
    row = find_order(account, order_id) if order_id else None
    return load(row["document"]) if row is not None else None


def _show(row: sqlite3.Row) -> orjson.Fragment:
    return orjson.Fragment(row["document"])


LISTING = Listing("payments", "payment_id", _show, {"order_id": "order_id", "status": "status"})
HANDLERS = (list_payments, create_payment, get_payment)
