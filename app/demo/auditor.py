"""The auditor: compares the two systems' own databases and mutation logs with what the shop did.

It reads SQLite and the shop's deeds, and nothing of Tillstream: no connector, no wire model, none of our counters.
Its shapes are those of Magento's REST documents and of the `/v1` contract (schemas/heartland/openapi.yaml).
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.demo.databases import read_only
from app.demo.deeds import Deeds, Expect, PlacedOrder
from app.demo.findings import Finding
from app.demo.logs import check_logs

CENT = Decimal("0.01")
LEFT_OPEN = "Open"
TAKEN_OFF = "Fulfilled"


@dataclass(slots=True)
class Audit:
    """The auditor's result."""

    placed: int = 0
    in_target: int = 0
    stock_changes: int = 0
    skus: int = 0
    findings: list[Finding] = field(default_factory=list)
    stock_findings: list[Finding] = field(default_factory=list)

    def count(self, verdict: str) -> int:
        """Number of orders with a finding of that verdict."""
        return len({finding.subject for finding in self.findings if finding.verdict == verdict})

    @property
    def balanced(self) -> bool:
        """True if nothing is lost, doubled or different."""
        return not self.findings and not self.stock_findings


@dataclass(frozen=True, slots=True)
class Books:
    """Where the auditor looks.

    Attributes:
        magento, heartland: the sandboxes' SQLite files.
        prefix: put before the order number to make the ExternalID.
        location: where the channel's orders ship from.
        sources: Heartland location -> Magento source.
    """

    magento: Path
    heartland: Path
    prefix: str
    location: str
    sources: Mapping[str, str]


def audit(books: Books, deeds: Deeds) -> Audit:
    """Compare everything. Call it when the pipe has drained."""
    with closing(read_only(books.magento)) as magento, closing(read_only(books.heartland)) as heartland:
        result = Audit(placed=len(deeds.orders), stock_changes=len(deeds.stock))
        sales = _sales(heartland)
        web = {row["increment_id"]: row for row in magento.execute("SELECT * FROM orders")}
        for order in deeds.orders.values():
            _check_order(order, sales.get(books.prefix + order.number, []), result)
            _check_write_back(order, sales.get(books.prefix + order.number, []), web, magento, result)
        _check_strangers(sales, books, deeds, result)
        _check_stock(books, magento, heartland, sales, web, result)
        result.findings.extend(check_logs(magento, heartland, books.prefix))
        return result


def _sales(heartland: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Heartland's orders that name an external order, by that name."""
    sales: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in heartland.execute("SELECT order_id, external_id, status, document FROM orders WHERE external_id <> ''"):
        document = json.loads(row["document"], parse_float=Decimal)
        sales[row["external_id"]].append(document | {"OrderID": row["order_id"], "Status": row["status"]})
    return sales


def _check_order(order: PlacedOrder, found: Sequence[Mapping[str, Any]], result: Audit) -> None:
    if order.expect is Expect.REVIEW and found:
        _check_mended(order, found, result)
        return
    if order.expect is not Expect.EXPORTED:
        if found:
            result.findings.append(Finding("different", order.number, f"is {order.expect} but was created"))
        return
    if not found:
        result.findings.append(Finding("lost", order.number, "is not in the point of sale"))
        return
    result.in_target += 1
    if len(found) > 1:
        ids = ", ".join(str(document["OrderID"]) for document in found)
        result.findings.append(Finding("doubled", order.number, f"is there {len(found)} times: {ids}"))
    for document in found:
        for detail in _differences(order, document):
            result.findings.append(Finding("different", order.number, detail))


def _check_mended(order: PlacedOrder, found: Sequence[Mapping[str, Any]], result: Audit) -> None:
    """Somebody mended it while the demo ran, with an alias: it is there once, under another SKU, with its total."""
    result.in_target += 1
    if len(found) > 1:
        result.findings.append(Finding("doubled", order.number, f"was mended and is there {len(found)} times"))
    if Decimal(str(found[0]["TotalAmount"])) != order.total:
        result.findings.append(Finding("different", order.number, "was mended and has another total"))


def _differences(order: PlacedOrder, document: Mapping[str, Any]) -> Iterator[str]:
    total = Decimal(str(document["TotalAmount"]))
    if total != order.total:
        yield f"total {total} instead of {order.total}"
    there = sorted(
        (line["SKU"], Decimal(str(line["Quantity"])), Decimal(str(line["Price"]))) for line in document["LineItems"]
    )
    if there != sorted(order.lines):
        yield f"lines {there} instead of {sorted(order.lines)}"
    paid = sum((Decimal(str(tender["Amount"])) for tender in document.get("Tenders") or ()), Decimal(0))
    due = Decimal(str(document.get("BalanceDue") or 0))
    if paid + due != total:
        yield f"tenders {paid} and due {due} do not make {total}"
    address = document.get("ShippingAddress") or document.get("BillingAddress") or {}
    if address.get("Email", order.email) != order.email:
        yield "another e-mail"


def _check_write_back(
    order: PlacedOrder,
    found: Sequence[Mapping[str, Any]],
    web: Mapping[str, sqlite3.Row],
    magento: sqlite3.Connection,
    result: Audit,
) -> None:
    """The number and the last status are on the web order, each status told once."""
    if order.expect is not Expect.EXPORTED or not found:
        return
    row = web.get(order.number)
    if row is None:
        result.findings.append(Finding("lost", order.number, "is gone from the web store"))
        return
    document = found[0]
    number = str(document.get("OrderNumber") or document["OrderID"])
    if str(row["ext_order_id"] or "") != number:
        result.findings.append(
            Finding("different", order.number, f"shows number '{row['ext_order_id']}' instead of '{number}'")
        )
    comments = [
        str(comment["comment"])
        for comment in magento.execute("SELECT comment FROM order_comments WHERE order_id = ?", (row["entity_id"],))
    ]
    ours = [comment for comment in comments if "[tillstream " in comment]
    if not any(f" {document['Status']}]" in comment for comment in ours):
        result.findings.append(Finding("lost", order.number, f"status '{document['Status']}' is not told"))
    if len(set(ours)) != len(ours):
        result.findings.append(Finding("doubled", order.number, "a comment stands twice"))


def _check_strangers(sales: Mapping[str, object], books: Books, deeds: Deeds, result: Audit) -> None:
    known = {books.prefix + number for number in deeds.orders}
    for external_id in sales:
        if external_id not in known:
            result.findings.append(Finding("different", external_id, "was created, but nobody placed it"))


def _check_stock(
    books: Books,
    magento: sqlite3.Connection,
    heartland: sqlite3.Connection,
    sales: Mapping[str, Sequence[Mapping[str, Any]]],
    web: Mapping[str, sqlite3.Row],
    result: Audit,
) -> None:
    """Every (SKU, source) holds what the shop can sell: on hand, less what others have committed, plus web units that
    the point of sale took off and Magento has not shipped; at least what Magento has to ship, and never below 0."""
    committed, taken, unshipped = _web_units(books, sales, web)
    quantities = {
        (row["sku"], row["source_code"]): Decimal(str(row["quantity"]))
        for row in magento.execute("SELECT sku, source_code, quantity FROM source_items")
    }
    sold_online = {row["sku"] for row in magento.execute("SELECT sku FROM products")}
    seen = set()
    for row in heartland.execute("SELECT sku, location_id, on_hand, committed FROM inventory"):
        sku, location = row["sku"], row["location_id"]
        if sku not in sold_online or location not in books.sources:
            continue
        seen.add(sku)
        key = (sku, location)
        not_ours = Decimal(str(row["committed"])) - committed[key]
        formula = Decimal(str(row["on_hand"])) - not_ours + taken[key]
        expected = max(formula, unshipped[key], Decimal(0))
        actual = quantities.get((sku, books.sources[location]))
        if actual != expected:
            detail = f"{books.sources[location]} holds {actual} instead of {expected}"
            result.stock_findings.append(Finding("different", sku, detail))
    result.skus = len(seen)


Units = dict[tuple[str, str], Decimal]


def _web_units(
    books: Books, sales: Mapping[str, Sequence[Mapping[str, Any]]], web: Mapping[str, sqlite3.Row]
) -> tuple[Units, Units, Units]:
    """Per (SKU, location), of units that Magento still has to ship: committed by the point of sale; taken off by it;
    all of them, also those that it does not have yet (they ship from the channel's location)."""
    committed: Units = defaultdict(Decimal)
    taken: Units = defaultdict(Decimal)
    unshipped: Units = defaultdict(Decimal)
    for number, row in web.items():
        documents = sales.get(books.prefix + number, ())
        left = _left_to_ship(json.loads(row["document"], parse_float=Decimal))
        location = str(documents[0]["LocationID"]) if documents else books.location
        for sku, units in left.items():
            unshipped[sku, location] += units
        for document in documents:
            side = {LEFT_OPEN: committed, TAKEN_OFF: taken}.get(document["Status"])
            if side is None:
                continue
            for sku, quantity in _units(document).items():
                side[sku, location] += min(quantity, left.get(sku, Decimal(0)))
    return committed, taken, unshipped


def _units(document: Mapping[str, Any]) -> dict[str, Decimal]:
    units: dict[str, Decimal] = defaultdict(Decimal)
    for line in document["LineItems"]:
        units[line["SKU"]] += Decimal(str(line["Quantity"]))
    return units


def _left_to_ship(order: Mapping[str, Any]) -> dict[str, Decimal]:
    """Units per SKU: ordered - max(shipped, refunded) - canceled. A configurable counts once, by its parent row.

    A virtual line is never shipped: in Magento its invoice takes the source's stock.
    """
    left: dict[str, Decimal] = defaultdict(Decimal)
    for item in order["items"]:
        if item.get("parent_item_id"):
            continue
        gone = "qty_invoiced" if item.get("is_virtual") else "qty_shipped"
        ordered, shipped, refunded, canceled = (
            Decimal(str(item.get(name) or 0)) for name in ("qty_ordered", gone, "qty_refunded", "qty_canceled")
        )
        left[item["sku"]] += ordered - max(shipped, refunded) - canceled
    return left
