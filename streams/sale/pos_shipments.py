"""What left a store for a Heartland order: the parcels that it lists, and whatever else a fulfilled order has handed
over."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streams.sale.exact import ZERO, exact
from streams.sale.marker import MARK
from streams.sale.pos import TAKEN

REST = "rest"
"""Id of what a fulfilled order handed over beside its parcels: over the counter, or before anybody entered a number."""


def pos_shipments(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The order's parcels without those that we recorded for a shipment of the web store, and the rest, once it is
    fulfilled. ``Completes`` says of each whether nothing was left after it."""
    entries = [entry for entry in order.get("Shipments") or () if isinstance(entry, dict)]
    parcels = [
        {**entry, "Completes": not _rest(order, entries[: place + 1])}
        for place, entry in enumerate(entries)
        if MARK not in str(entry.get("Carrier") or "")
    ]
    rest = _rest(order, entries)
    if str(order.get("Status") or "").lower() in TAKEN and rest:
        parcels.append({"ShipmentID": REST, "ShippedAt": order.get("UpdatedAt"), "Lines": rest, "Completes": True})
    return parcels


def _rest(order: Mapping[str, Any], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    left: dict[str, Decimal] = {}
    for line in order.get("LineItems") or ():
        left[line["SKU"]] = left.get(line["SKU"], ZERO) + exact(line["Quantity"])
    for entry in entries:
        for line in entry.get("Lines") or ():
            left[line["SKU"]] = left.get(line["SKU"], ZERO) - exact(line["Quantity"])
    return [{"SKU": sku, "Quantity": pieces} for sku, pieces in left.items() if pieces > ZERO]
