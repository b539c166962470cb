"""A Magento invoice (GET /V1/invoices/:id) in the words of `schemas.canonical.Payment`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.errors import Rejected
from streams.sale.order import Node
from streams.sale.tenders import card_end, tender_of

_STATES = {1: "pending", 2: "succeeded", 3: "canceled"}
"""Magento's invoice states: open, paid, canceled."""


def invoice_state(invoice: Node) -> str:
    """How far its money has come. Raises Rejected for a state that Magento does not have."""
    state = invoice.get("state")
    found = _STATES.get(int(state)) if isinstance(state, int | str) and str(state).isdecimal() else None
    if found is None:
        raise Rejected(
            f"{invoice_name(invoice)} is in state '{state}', which Magento's invoices do not have (1 open, 2 paid, "
            "3 canceled): look at it there, then replay",
            code="invoice_state",
        )
    return found


def invoice_tender(context: Mapping[str, Any], invoice: Node) -> str:
    """What it is paid with. ``order`` in the invoice is the order's head, read with it."""
    return tender_of(context, _payment(invoice))[0].value


def invoice_method(context: Mapping[str, Any], invoice: Node) -> str:
    """Magento's name of the payment method."""
    return tender_of(context, _payment(invoice))[1]


def invoice_reference(invoice: Node) -> str:
    """The gateway's id of the capture, else the last four of the card."""
    return str(invoice.get("transaction_id") or card_end(_payment(invoice)))


def invoice_lines(invoice: Node) -> list[dict[str, Any]]:
    """What it pays for: the rows with amounts, as in `streams.sale.web_refund`."""
    items = invoice.get("items") or ()
    rows = [item for item in items if isinstance(item, dict) and item.get("base_row_total") is not None]
    return [
        {"line_id": str(row["order_item_id"]), "sku": str(row.get("sku") or ""), "quantity": row["qty"]}
        for row in rows
        if row.get("qty")
    ]


def invoice_name(invoice: Node) -> str:
    """What messages call it: ``invoice 000000002 of order 000000042``."""
    order = (invoice.get("order") or {}).get("increment_id") or invoice.get("order_id") or "without a number"
    return f"invoice {invoice.get('increment_id') or invoice.get('entity_id')} of order {order}"


def _payment(invoice: Node) -> Node:
    found = (invoice.get("order") or {}).get("payment")
    return found if isinstance(found, dict) else {}
