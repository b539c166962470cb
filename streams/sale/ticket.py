"""A sale in store: a Heartland order without a web number, in the words of `schemas.canonical.Ticket`, and the order of
the web store that shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas.ids import Ref
from streams.sale.exact import ZERO, exact
from streams.sale.lines import line_amount

TICKET = "ticket"
"""The type in a ticket's ref."""

Node = Mapping[str, Any]


def is_ticket(external_number: str | None) -> bool:
    """Whether an order of the web store shows a sale in store, by its ``ext_order_id``: the ticket's ref. A web order
    has the point of sale's bare number there."""
    try:
        return Ref.parse(external_number or "").type == TICKET
    except ValueError:
        return False


def pos_totals(order: Node) -> dict[str, Decimal]:
    """The sums of a Heartland order, as `schemas.canonical.Totals`."""
    lines, shipping, fees = order["LineItems"], order.get("Shipping") or {}, order.get("Fees") or ()
    parts = (*lines, shipping, *fees)
    return {
        "lines": sum((line_amount(exact(line["Price"]), exact(line["Quantity"])) for line in lines), ZERO),
        "discount": _sum(parts, "Discount"),
        "tax": _sum(parts, "Tax"),
        "shipping": exact(shipping.get("Amount")),
        "fees": _sum(fees, "Amount"),
        "total": exact(order["TotalAmount"]),
        "due": exact(order.get("BalanceDue")),
    }


def ticket_rows(context: Mapping[str, Any], ticket: Node) -> list[dict[str, Any]]:
    """What the ticket's order has as its rows: the goods, then the fees, which Magento has no other place for."""
    aliases: Mapping[str, str] = context.get("aliases") or {}
    goods = [
        {
            "sku": aliases.get(line["sku"], line["sku"]),
            "name": line["name"] or line["sku"],
            "quantity": line["quantity"],
            "price": line["unit_price"],
            "discount": line["discount"],
            "tax": line["tax"],
            "kind": "simple",
        }
        for line in ticket["lines"]
    ]
    fees = [
        {
            "sku": fee["name"],
            "name": fee["name"],
            "quantity": 1,
            "price": fee["amount"],
            "discount": ZERO,
            "tax": fee["tax"],
            "kind": "virtual",
        }
        for fee in ticket["fees"]
    ]
    return [row | _amounts(row) for row in (*goods, *fees)]


def ticket_sums(ticket: Node) -> dict[str, Decimal]:
    """What the ticket's order has in its head. A discount is below zero there, and fees are among the goods."""
    sums = {name: exact(value) for name, value in ticket["totals"].items()}
    return {
        "subtotal": sums["lines"] + sums["fees"],
        "discount": -sums["discount"],
        "tax": sums["tax"],
        "shipping": sums["shipping"],
        "total": sums["total"],
        "paid": sums["total"] - sums["due"] - sums["canceled"],
        "due": sums["due"],
        "pieces": sum((exact(line["quantity"]) for line in ticket["lines"]), ZERO),
    }


def web_time(value: str) -> str:
    """A moment as Magento stores it: ``2026-11-24 19:03:01``, UTC, without a zone."""
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _amounts(row: Node) -> dict[str, Decimal]:
    """What follows from a row's price: Magento stores it, and computes nothing of an order that is saved."""
    total = line_amount(exact(row["price"]), exact(row["quantity"]))
    return {"row_total": total, "row_total_with_tax": total + exact(row["tax"])}


def _sum(parts: Iterable[Node], name: str) -> Decimal:
    return sum((exact(part.get(name)) for part in parts), ZERO)
