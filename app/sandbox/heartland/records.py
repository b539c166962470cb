"""Shipments and refunds, which an order only ever gets more of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from app.sandbox.heartland.sums import add, units
from app.sandbox.heartland.values import ZERO, Json, decimal

Problems = dict[str, str]


def added_shipments(order: Json, sent: list[Json] | None, problems: Problems) -> list[Json]:
    """The shipments that a PUT adds, with their ids; notes what is wrong with them."""
    added = _added(order, "Shipments", "ShipmentID", sent, problems)
    _check_units(order, "Shipments", [*order["Shipments"], *added], problems)
    if added and order["Status"] == "Cancelled":
        problems["Shipments"] = "a Cancelled order ships nothing"
    return added


def added_refunds(order: Json, sent: list[Json] | None, problems: Problems) -> list[Json]:
    """The refunds that a PUT adds, with their ids; notes what is wrong with them."""
    added = _added(order, "Refunds", "RefundID", sent, problems)
    first = len(order["Refunds"])
    for place, refund in enumerate(added, start=first):
        if add(refund["Tenders"], "Amount") != decimal(refund["Amount"]):
            problems[f"Refunds[{place}].Amount"] = "is not what its tenders make"
    _check_units(order, "Refunds", [*order["Refunds"], *added], problems)
    if added and add([*order["Refunds"], *added], "Amount") > add(order["Tenders"], "Amount"):
        problems["Refunds"] = "more money than was tendered"
    return added


def restocked(refund: Json) -> list[Json]:
    """The lines whose goods can be sold again."""
    return [line for line in refund["Lines"] if line["Restocked"]]


def _added(order: Json, name: str, id_name: str, sent: list[Json] | None, problems: Problems) -> list[Json]:
    """The entries behind those that the order has; the next ids in the order's own range."""
    known = order[name]
    if sent is None:
        return []
    if sent[: len(known)] != known:
        problems[name] = f"must begin with the order's {len(known)} entries, unchanged"
        return []
    new = sent[len(known) :]
    for place, entry in enumerate(new, start=len(known)):
        if id_name in entry:
            problems[f"{name}[{place}].{id_name}"] = "a new entry has no id yet"
    return [{id_name: f"{order['OrderID']}{place:03d}", **entry} for place, entry in enumerate(new, len(known) + 1)]


def _check_units(order: Json, name: str, entries: list[Json], problems: Problems) -> None:
    ordered: Mapping[str, Decimal] = units(order["LineItems"])
    for sku, quantity in units(line for entry in entries for line in entry["Lines"]).items():
        if quantity > ordered.get(sku, ZERO):
            problems[name] = f"{quantity} of '{sku}', but the order has {ordered.get(sku, ZERO)}"
