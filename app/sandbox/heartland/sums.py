"""The two sums of an order, and what follows from its amounts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from app.sandbox.heartland.values import ZERO, Json, cents, decimal

Part = Mapping[str, Any]


def add(parts: Iterable[Part], name: str) -> Decimal:
    """The sum of one amount over all parts."""
    return sum((decimal(part.get(name)) for part in parts), ZERO)


def charged(order: Part) -> Decimal:
    """What lines, shipping and fees make."""
    lines = sum((_line(line) for line in order["LineItems"]), ZERO)
    shipping = order["Shipping"]
    delivery = decimal(shipping.get("Amount")) - decimal(shipping.get("Discount")) + decimal(shipping.get("Tax"))
    return lines + delivery + add(order["Fees"], "Amount") + add(order["Fees"], "Tax")


def check_sums(order: Part) -> dict[str, str]:
    """What does not add up, by field."""
    problems = {}
    made, total = charged(order), decimal(order["TotalAmount"])
    if made != total:
        problems["TotalAmount"] = f"is {total:.2f}, but lines, shipping and fees make {made:.2f}"
    tendered, due = add(order["Tenders"], "Amount"), decimal(order["BalanceDue"])
    if tendered + due != total:
        problems["BalanceDue"] = f"tenders of {tendered:.2f} and {due:.2f} due do not make {total:.2f}"
    sent = order.get("PaymentStatus")
    if sent is not None and sent != payment_status(order):
        problems["PaymentStatus"] = f"is '{sent}', but the amounts say '{payment_status(order)}'"
    return problems


def payment_status(order: Part) -> str:
    """How far the order is paid, and how much of that went back."""
    tendered, refunded = add(order["Tenders"], "Amount"), add(order.get("Refunds") or (), "Amount")
    if refunded:
        return "Refunded" if refunded >= tendered else "PartiallyRefunded"
    if not decimal(order["BalanceDue"]):
        return "Paid"
    return "PartiallyPaid" if order["Tenders"] else "Unpaid"


def units(lines: Iterable[Part]) -> dict[str, Decimal]:
    """Pieces of each SKU."""
    found: dict[str, Decimal] = {}
    for line in lines:
        found[line["SKU"]] = found.get(line["SKU"], ZERO) + decimal(line["Quantity"])
    return found


def taxes(order: Part) -> Decimal:
    """Tax of lines, shipping and fees."""
    return add(order["LineItems"], "Tax") + decimal(order["Shipping"].get("Tax")) + add(order["Fees"], "Tax")


def discounts(order: Part) -> Decimal:
    """Discounts of lines and shipping."""
    return add(order["LineItems"], "Discount") + decimal(order["Shipping"].get("Discount"))


def _line(line: Json | Part) -> Decimal:
    price = cents(decimal(line["Price"]) * decimal(line["Quantity"]))
    return price - decimal(line.get("Discount")) + decimal(line.get("Tax"))
