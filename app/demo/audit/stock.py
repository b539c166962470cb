"""Stock: every (SKU, source) holds what the shop can sell."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from app.demo.audit.books import BothSides, Document, amount, units
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import Deeds

LEFT_OPEN = "Open"
TAKEN_OFF = "Fulfilled"

Places = dict[tuple[str, str], Decimal]
"""Pieces by SKU and location."""


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare all of it: on hand, less what others have committed, plus web units that the point of sale took off and
    Magento has not shipped; at least what Magento has to ship, and never below 0."""
    result.did = len(deeds.stock)
    committed, taken, unshipped = _web_units(both)
    quantities = {
        (row["sku"], row["source_code"]): Decimal(str(row["quantity"]))
        for row in both.magento.execute("SELECT sku, source_code, quantity FROM source_items")
    }
    sold_online = {row["sku"] for row in both.magento.execute("SELECT sku FROM products")}
    sources = both.books.sources
    for row in both.heartland.execute("SELECT sku, location_id, on_hand, committed FROM inventory"):
        sku, location = row["sku"], row["location_id"]
        if sku not in sold_online or location not in sources:
            continue
        result.compared += 1
        key = (sku, location)
        not_ours = Decimal(str(row["committed"])) - committed[key]
        formula = Decimal(str(row["on_hand"])) - not_ours + taken[key]
        expected = max(formula, unshipped[key], Decimal(0))
        actual = quantities.get((sku, sources[location]))
        if actual != expected:
            result.add("different", sku, f"{sources[location]} holds {actual} instead of {expected}")


def _web_units(both: BothSides) -> tuple[Places, Places, Places]:
    """Per (SKU, location), of units that Magento still has to ship: committed by the point of sale; taken off by it;
    all of them, also those that it does not have yet (they ship from the channel's location)."""
    committed: Places = defaultdict(Decimal)
    taken: Places = defaultdict(Decimal)
    unshipped: Places = defaultdict(Decimal)
    for number, web in both.web.items():
        documents = both.of(number)
        left = left_to_ship(web.document)
        location = str(documents[0]["LocationID"]) if documents else both.books.location
        for sku, pieces in left.items():
            unshipped[sku, location] += pieces
        for document in documents:
            side = {LEFT_OPEN: committed, TAKEN_OFF: taken}.get(document["Status"])
            if side is None:
                continue
            for sku, pieces in units(document["LineItems"]).items():
                side[sku, location] += min(pieces, left.get(sku, Decimal(0)))
    return committed, taken, unshipped


def left_to_ship(order: Document) -> dict[str, Decimal]:
    """Units per SKU: ordered - max(shipped, refunded) - canceled. A configurable counts once, by its parent row.

    A virtual line is never shipped: in Magento its invoice takes the source's stock.
    """
    left: dict[str, Decimal] = defaultdict(Decimal)
    for item in order["items"]:
        if item.get("parent_item_id"):
            continue
        gone = "qty_invoiced" if item.get("is_virtual") else "qty_shipped"
        names = ("qty_ordered", gone, "qty_refunded", "qty_canceled")
        ordered, shipped, refunded, canceled = (amount(item, name) for name in names)
        left[item["sku"]] += ordered - max(shipped, refunded) - canceled
    return left
