"""Functions that ``out`` mappings call to write a canonical entity in a target's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streams.sale.exact import cents, exact
from streams.sale.marker import marker


def money(value: object) -> float:
    """An amount as a JSON number, to the cent. Binary floats carry such amounts exactly up to 13 digits."""
    return float(cents(exact(value)))


def number(value: object) -> int | float:
    """A quantity or a price as a JSON number, with all its decimals."""
    found = exact(value)
    return int(found) if found == found.to_integral_value() else float(found)


def pos_sku(context: Mapping[str, Any], sku: str) -> str:
    """The SKU in the point of sale: its alias if it has one."""
    aliases: Mapping[str, str] = context.get("aliases") or {}
    return aliases.get(sku, sku)


def pos_location(context: Mapping[str, Any], sale: Mapping[str, Any]) -> str | None:
    """Where the sale ships from: the channel's first choice, or for a pickup order the store where it is collected."""
    channel = context.get("channel") or {}
    pickup = sale["shipping"].get("pickup_location")
    stores = (location for location, source in (channel.get("sources") or {}).items() if source == pickup)
    first = next(iter(channel.get("ship_from") or ()), channel.get("location"))
    return next(stores, first)


def public_id(context: Mapping[str, Any], increment_id: object) -> str | None:
    """The channel's prefix and the order's number: how the point of sale knows the order."""
    return None if increment_id is None else f"{(context.get('channel') or {}).get('prefix', '')}{increment_id}"


def payment_status(sale: Mapping[str, Any]) -> str:
    """``Paid`` when nothing is due, ``Unpaid`` when nothing has been received, else ``PartiallyPaid``."""
    if exact(sale["totals"]["due"]) <= 0:
        return "Paid"
    return "PartiallyPaid" if sale["tenders"] else "Unpaid"


def status_marker(status: Mapping[str, Any]) -> str:
    """What finds our comment about this status again: ``[tillstream pos:order:17 Open]``."""
    return marker(str(status["ref"]), str(status["status"]))


def status_comment(status: Mapping[str, Any]) -> str:
    """What a shop's clerk reads on the web order."""
    return f"Heartland order {status['number']}: {status['status']} {status_marker(status)}"


def source_items(context: Mapping[str, Any], stock: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per location that has a source in the web store; several locations of one source are added up."""
    sources: Mapping[str, str] = context.get("sources") or {}
    quantities: dict[str, Any] = {}
    for level in stock["locations"]:
        source = sources.get(level["location"])
        if source is not None:
            quantities[source] = quantities.get(source, 0) + exact(level["quantity"])
    sku = context.get("sku") or stock["sku"]
    return [{"sku": sku, "source": source, "quantity": quantity} for source, quantity in quantities.items()]
