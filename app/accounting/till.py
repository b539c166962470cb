"""A sale in a store (an order of the point of sale without a web number), as the books see it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.reconcile.joint import Document
from schemas.canonical import Payment, Refund, Sale, Shipment
from schemas.canonical.sale import TenderKind
from schemas.documents import Channel
from schemas.ids import Ref
from streams.accounting.sale import History, Part
from streams.engine import Engine, validate
from streams.sale.exact import ZERO, exact
from streams.sale.ticket import pos_totals

TENDERS = "heartland.tender_kinds"


def till_history(order: Document, engine: Engine, pos: str, channel: Channel) -> History | None:
    """The sale, with its tenders as payments: all of it leaves when it is sold. None of one that does not stand yet.

    Heartland tells no rates, so its tax is of no named jurisdiction: give the location an account for ``tax``.

    Raises:
        Rejected: it does not add up, or a refund names goods that it does not have.
    """
    if str(order["Status"]).lower() != "fulfilled":
        return None
    name = f"sale {order['OrderID']} in store"
    sale = validate(Sale, _sale(order, pos, channel), name)
    parts: list[Part] = [validate(Shipment, _shipment(order, sale), name)]
    kinds = engine.catalog.tables[TENDERS].rows
    for number, tender in enumerate(order["Tenders"]):
        if exact(tender["Amount"]) > ZERO:
            kind = str(kinds.get(tender["Type"], TenderKind.OTHER))
            parts.append(validate(Payment, _payment(order, sale, tender, number, kind), name))
    parts += [_refund(order, sale, refund, engine, channel) for refund in order["Refunds"]]
    return History(sale, str(order["LocationID"]), parts)


def _sale(order: Document, pos: str, channel: Channel) -> dict[str, Any]:
    at = _utc(order["OrderDate"])
    lines = [_line(number, line) for number, line in enumerate(order["LineItems"], start=1)]
    fees = [{"name": fee.get("Name") or "fee", **_amounts(fee, "Amount", "Tax")} for fee in order["Fees"]]
    return {
        "ref": str(Ref(pos, "order", str(order["OrderID"]))),
        "number": str(order["OrderID"]),
        "public_id": "",
        "channel": channel.name,
        "placed_at": at,
        "updated_at": _utc(order["UpdatedAt"]),
        "currency": order["Currency"],
        "state": "complete",
        "status": order["Status"],
        "export": {"allowed": False, "reason": "it was sold in a store"},
        "customer": {"guest": True},
        "lines": lines,
        "shipping": _amounts(order["Shipping"], "Amount", "Discount", "Tax"),
        "fees": fees,
        "totals": pos_totals(order),
    }


def _line(number: int, line: Document) -> dict[str, Any]:
    return {
        "line_id": str(number),
        "kind": "simple",
        "sku": line["SKU"],
        "quantity": exact(line["Quantity"]),
        "unit_price": exact(line["Price"]),
        **_amounts(line, "Discount", "Tax"),
    }


def _part(sale: Sale, kind: str, native_id: str) -> dict[str, Any]:
    connection = Ref.parse(sale.ref).connection
    return {
        "ref": str(Ref(connection, kind, native_id)),
        "sale": sale.ref,
        "sale_number": sale.number,
        "channel": sale.channel,
        "updated_at": sale.updated_at,
    }


def _shipment(order: Document, sale: Sale) -> dict[str, Any]:
    lines = [{"line_id": line.line_id, "quantity": line.quantity} for line in sale.lines]
    where = {"location": str(order["LocationID"]), "lines": lines, "shipped_at": sale.placed_at}
    return _part(sale, "handover", sale.number) | where


def _payment(order: Document, sale: Sale, tender: Document, number: int, kind: str) -> dict[str, Any]:
    return _part(sale, "tender", f"{sale.number}/{number}") | {
        "kind": "sale",
        "state": "succeeded",
        "amount": exact(tender["Amount"]),
        "currency": order["Currency"],
        "tender": kind,
        "method": tender["Type"],
        "at": sale.placed_at,
    }


def _refund(order: Document, sale: Sale, refund: Document, engine: Engine, channel: Channel) -> Refund:
    context = {
        "ref": str(Ref(Ref.parse(sale.ref).connection, "refund", f"{sale.number}/{refund['RefundID']}")),
        "sale": sale.ref,
        "sale_number": sale.number,
        "channel": dict(channel),
        "whole": order,
    }
    values = engine.map_in("refund_to_web", refund, context)
    return validate(Refund, values, f"refund of sale {sale.number} in store")


def _amounts(node: Document, *names: str) -> dict[str, Decimal]:
    return {name.lower(): exact(node.get(name) or 0) for name in names}


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def locations_of(histories: Iterable[History]) -> frozenset[str]:
    """Every location that the books are about."""
    found = {history.location for history in histories}
    for history in histories:
        found |= {part.location for part in history.parts if isinstance(part, Shipment)}
    return frozenset(found)
