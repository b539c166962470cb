"""The mails that the shop would send. None leaves; each is written down, so that an auditor can count them."""

from __future__ import annotations

from enum import StrEnum

from app.sandbox.magento.shop import Json, Shop
from app.sandbox.magento.switches import Switch, is_on

MAILS_SCHEMA = """
CREATE TABLE IF NOT EXISTS mails(
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,            -- see Mail
    recipient TEXT NOT NULL,
    order_id INTEGER,              -- the order that it is about
    customer_id INTEGER,           -- the customer that it is about
    at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mails_by_order ON mails(order_id);
"""


class Mail(StrEnum):
    """What a mail is about."""

    ORDER = "order"
    ORDER_COMMENT = "order_comment"
    INVOICE = "invoice"
    INVOICE_COMMENT = "invoice_comment"
    SHIPMENT = "shipment"
    SHIPMENT_COMMENT = "shipment_comment"
    CREDIT_MEMO = "credit_memo"
    CREDIT_MEMO_COMMENT = "credit_memo_comment"
    READY_FOR_PICKUP = "ready_for_pickup"
    WELCOME = "welcome"


def mail_about_order(shop: Shop, kind: Mail, order: Json) -> bool:
    """Mail the order's customer. False if the mail is down, which most services keep quiet about."""
    return _send(shop, kind, order.get("customer_email"), order["entity_id"], order.get("customer_id"))


def mail_customer(shop: Shop, kind: Mail, customer: Json) -> bool:
    """Mail a customer about the account. False if the mail is down."""
    return _send(shop, kind, customer["email"], None, customer["id"])


def _send(shop: Shop, kind: Mail, recipient: str | None, order_id: int | None, customer_id: int | None) -> bool:
    if recipient is None or is_on(shop.connection, Switch.MAIL_DOWN):
        return False
    shop.connection.execute(
        "INSERT INTO mails(kind, recipient, order_id, customer_id, at) VALUES (?, ?, ?, ?, ?)",
        (kind.value, recipient, order_id, customer_id, shop.now()),
    )
    return True
