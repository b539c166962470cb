"""How an order moves from state to state, and what is left to do on each of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.sandbox.magento.shop import Json, decimal, number

DEFAULT_STATUS = {
    "new": "pending",
    "pending_payment": "pending_payment",
    "processing": "processing",
    "payment_review": "payment_review",
    "holded": "holded",
    "complete": "complete",
    "closed": "closed",
    "canceled": "canceled",
}
NO_INVOICE = frozenset({"payment_review", "holded", "canceled", "complete", "closed"})
NO_SHIPMENT = frozenset({"payment_review", "holded", "canceled"})


def rows_with_money(document: Json) -> Iterator[Json]:
    """The rows that count: all but the children of configurables."""
    return (row for row in document.get("items") or [] if "parent_item_id" not in row)


def child_of(document: Json, row: Json) -> Json | None:
    """The child row of a configurable, or None."""
    found = (other for other in document["items"] if other.get("parent_item_id") == row["item_id"])
    return next(found, None)


def left_to_invoice(row: Json) -> Decimal:
    """Ordered and neither invoiced nor cancelled."""
    return decimal(row["qty_ordered"]) - decimal(row["qty_invoiced"]) - decimal(row["qty_canceled"])


def left_to_ship(row: Json) -> Decimal:
    """Ordered - max(shipped, refunded) - cancelled; nothing for a virtual product."""
    if row["is_virtual"]:
        return Decimal(0)
    gone = max(decimal(row["qty_shipped"]), decimal(row["qty_refunded"]))
    return max(Decimal(0), decimal(row["qty_ordered"]) - gone - decimal(row["qty_canceled"]))


def left_to_refund(row: Json) -> Decimal:
    """Invoiced and not refunded."""
    return decimal(row["qty_invoiced"]) - decimal(row["qty_refunded"])


def can_invoice(document: Json) -> bool:
    """True if the state allows it and something is left."""
    return document["state"] not in NO_INVOICE and any(left_to_invoice(row) > 0 for row in rows_with_money(document))


def can_ship(document: Json) -> bool:
    """True if the state allows it and something is left."""
    return document["state"] not in NO_SHIPMENT and any(left_to_ship(row) > 0 for row in rows_with_money(document))


def can_cancel(document: Json) -> bool:
    """True if something is not invoiced. Shipping does not matter."""
    if document["state"] in NO_INVOICE:
        return False
    return any(left_to_invoice(row) > 0 for row in rows_with_money(document))


def set_state(document: Json, state: str) -> None:
    """Change the state; the status becomes the state's default one."""
    document["state"] = state
    document["status"] = DEFAULT_STATUS[state]


def settle_state(document: Json) -> bool:
    """After an invoice or a shipment: new becomes processing, processing with nothing left becomes complete.

    Returns True if state or status changed.
    """
    before = (document["state"], document["status"])
    if document["state"] == "new":
        set_state(document, "processing")
    if document["state"] == "processing":
        done = not can_invoice(document) and not can_ship(document)
        set_state(document, "complete" if done else "processing")
    return before != (document["state"], document["status"])


def settle_refund(document: Json) -> None:
    """After a refund: nothing left to invoice or ship makes it complete while money can still be given back, else
    closed. A status of the merchant's own survives as long as the state does."""
    if can_invoice(document) or can_ship(document):
        return
    extension = document.get("extension_attributes") or {}
    cards = decimal(extension.get("gift_cards_invoiced")) - decimal(extension.get("gift_cards_refunded"))
    money_left = decimal(document.get("total_paid")) - decimal(document.get("total_refunded")) + cards
    is_free = not decimal(document["grand_total"]) and not decimal(extension.get("gift_cards_amount"))
    state = "complete" if money_left > 0 or is_free else "closed"
    if document["state"] != state:
        set_state(document, state)


def add(target: Json, name: str, amount: Decimal) -> None:
    """Add to an amount and to its base currency twin."""
    for key in (name, f"base_{name}"):
        target[key] = number(decimal(target.get(key)) + amount)


def put(target: Json, name: str, amount: Decimal) -> None:
    """Set an amount and its base currency twin."""
    target[name] = target[f"base_{name}"] = number(amount)
