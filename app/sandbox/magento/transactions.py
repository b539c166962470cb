"""What a gateway was asked for: transactions of the card methods. Offline methods have none.

A transaction that is about an earlier one names it as its parent. Rows have no ``updated_at``: that one is closed later
moves nothing that a list could be filtered by.
"""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from app.sandbox.magento.errors import could_not_save, not_found
from app.sandbox.magento.lifecycle import put
from app.sandbox.magento.listing import list_rows
from app.sandbox.magento.payment_methods import AUTHORISED_CARD
from app.sandbox.magento.routing import Route
from app.sandbox.magento.search import Table, flat_unknown
from app.sandbox.magento.shop import Call, Json, Shop, decimal, number
from app.sandbox.magento.switches import Switch, is_on
from app.sandbox.magento.tables import TRANSACTION_COLUMNS

AUTHORISATION, CAPTURE, REFUND, VOID = "authorization", "capture", "refund", "void"

LIST_TABLE = Table(
    columns={name: name for name in TRANSACTION_COLUMNS},
    numeric=frozenset({"transaction_id", "order_id", "payment_id", "parent_id", "is_closed"}),
    unknown=flat_unknown,
)


def authorise(shop: Shop, order: Json) -> None:
    """Reserve the money of a new order. The caller stores the order."""
    payment = order["payment"]
    put(payment, "amount_authorized", decimal(order["grand_total"]))
    _record(shop, order, AUTHORISATION, payment["last_trans_id"], None)


def capture(shop: Shop, order: Json, amount: Decimal) -> str:
    """Take money, out of the authorisation if there is one. Returns the gateway's id; the caller stores the order.

    Raises:
        RestError: the gateway declines. Magento hides that behind its text for any failed invoice.
    """
    payment = order["payment"]
    authorisation = _latest(shop, order, AUTHORISATION)
    if authorisation is None:
        txn_id: str = payment["last_trans_id"]
    else:
        if is_on(shop.connection, Switch.CARD_DECLINES):
            raise could_not_save("invoice_order")
        txn_id = _follow_up(shop, order, authorisation, CAPTURE)
    _record(shop, order, CAPTURE, txn_id, authorisation)
    payment["last_trans_id"] = txn_id
    payment["base_amount_paid_online"] = number(decimal(payment.get("base_amount_paid_online")) + amount)
    captured = decimal(payment.get("amount_paid")) + amount
    if authorisation is not None and captured >= decimal(payment.get("amount_authorized")):
        _close(shop, authorisation)
    return txn_id


def give_back(shop: Shop, order: Json, captured: str, amount: Decimal) -> str:
    """Refund through the gateway what that capture took. Returns the gateway's id; the caller stores the order.

    Raises:
        RestError: the gateway declines. Magento hides that behind its text for any failed credit memo.
    """
    if is_on(shop.connection, Switch.CARD_DECLINES):
        raise could_not_save("refund_invoice")
    parent = shop.one("SELECT * FROM transactions WHERE order_id = ? AND txn_id = ?", order["entity_id"], captured)
    if parent is None:
        raise could_not_save("refund_invoice")
    txn_id = _follow_up(shop, order, parent, REFUND)
    _record(shop, order, REFUND, txn_id, parent)
    payment = order["payment"]
    payment["base_amount_refunded_online"] = number(decimal(payment.get("base_amount_refunded_online")) + amount)
    return txn_id


def void(shop: Shop, order: Json) -> None:
    """Let go of money that is reserved and not taken, as a cancelled order does."""
    authorisation = _latest(shop, order, AUTHORISATION)
    if order["payment"]["method"] == AUTHORISED_CARD and authorisation is not None and not authorisation["is_closed"]:
        _record(shop, order, VOID, _follow_up(shop, order, authorisation, VOID), authorisation)
        _close(shop, authorisation)


def _latest(shop: Shop, order: Json, kind: str) -> sqlite3.Row | None:
    return shop.one(
        "SELECT * FROM transactions WHERE order_id = ? AND txn_type = ? ORDER BY transaction_id DESC LIMIT 1",
        order["entity_id"],
        kind,
    )


def _follow_up(shop: Shop, order: Json, parent: sqlite3.Row, kind: str) -> str:
    """The gateway's id of a transaction about another one: the other's with what is done, numbered from the second."""
    row = shop.one(
        "SELECT count(*) AS n FROM transactions WHERE order_id = ? AND parent_id = ? AND txn_type = ?",
        order["entity_id"],
        parent["transaction_id"],
        kind,
    )
    earlier = row["n"] if row else 0
    return f"{parent['txn_id']}-{kind}" + (f"-{earlier + 1}" if earlier else "")


def _record(shop: Shop, order: Json, kind: str, txn_id: str, parent: sqlite3.Row | None) -> None:
    shop.connection.execute(
        f"INSERT INTO transactions({', '.join(TRANSACTION_COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (
            shop.next_id("transaction"),
            order["entity_id"],
            order["payment"]["entity_id"],
            parent["transaction_id"] if parent else None,
            txn_id,
            parent["txn_id"] if parent else None,
            kind,
            int(kind in (REFUND, VOID)),
            shop.now(),
        ),
    )


def _close(shop: Shop, transaction: sqlite3.Row) -> None:
    shop.connection.execute(
        "UPDATE transactions SET is_closed = 1 WHERE transaction_id = ?", (transaction["transaction_id"],)
    )


def get_transaction(shop: Shop, call: Call) -> Json:
    """GET /V1/transactions/:id."""
    row = shop.one("SELECT * FROM transactions WHERE transaction_id = ?", call.params["id"])
    if row is None:
        raise not_found()
    return _document(shop, row)


def list_transactions(shop: Shop, call: Call) -> Json:
    """GET /V1/transactions."""
    return list_rows(shop, call, ("transactions", TRANSACTION_COLUMNS), LIST_TABLE, lambda row: _document(shop, row))


def _document(shop: Shop, row: sqlite3.Row) -> Json:
    """A transaction with those about it. The parent's id is left out where there is none, its number comes as null."""
    children = shop.connection.execute(
        "SELECT * FROM transactions WHERE parent_id = ? ORDER BY transaction_id", (row["transaction_id"],)
    ).fetchall()
    document: Json = {name: row[name] for name in TRANSACTION_COLUMNS}
    if document["parent_id"] is None:
        del document["parent_id"]
    return document | {
        "additional_information": [],
        "child_transactions": [_document(shop, child) for child in children],
    }


ROUTES = (
    Route("GET", "/V1/transactions", "Magento_Sales::transactions_fetch", list_transactions, lists=True),
    Route("GET", "/V1/transactions/:id", "Magento_Sales::transactions_fetch", get_transaction),
)
