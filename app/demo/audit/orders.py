"""Orders: each once in the point of sale, equal in every field, with its number and status back in the web store."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from app.demo.audit.books import CANCELLED, BothSides, Document, WebSide, amount
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import Deeds, Expect, PlacedOrder

CANCELED = "canceled"
"""The web store's word."""
OURS = "[tillstream "
"""In each comment of ours."""


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> int:
    """Compare all of them. Returns how many are in the point of sale."""
    result.did = len(deeds.orders) + len(deeds.cancels)
    for order in deeds.orders.values():
        _check_order(order, both, deeds, result)
    known = {both.books.prefix + number for number in deeds.orders}
    for name in both.pos:
        if name not in known:
            result.add("different", name, "was created, but nobody placed it")
    return result.compared


def _check_order(order: PlacedOrder, both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    found, web = both.of(order.number), both.web.get(order.number)
    if web is None:
        result.add("lost", order.number, "is gone from the web store")
        return
    if order.expect is Expect.REVIEW and found:
        _check_mended(order, found[0], result)
    elif order.expect is not Expect.EXPORTED:
        if found:
            result.add("different", order.number, f"is {order.expect} but was created")
        return
    elif not found:
        if not (order.number in deeds.cancels and web.document["state"] == CANCELED):
            result.add("lost", order.number, "is not in the point of sale")
        return
    else:
        _check_fields(order, web, found[0], result)
    result.compared += 1
    if len(found) > 1:
        ids = ", ".join(str(document["OrderID"]) for document in found)
        result.add("doubled", order.number, f"is there {len(found)} times: {ids}")


def _check_mended(order: PlacedOrder, document: Document, result: EntityAudit) -> None:
    """Somebody mended it while the demo ran, with an alias: it is there under another SKU, with its total."""
    if amount(document, "TotalAmount") != order.total:
        result.add("different", order.number, "was mended and has another total")


def _check_fields(order: PlacedOrder, web: WebSide, document: Document, result: EntityAudit) -> None:
    for detail in (*_differences(order, document), *_state_differences(web, document), *_addresses(web, document)):
        result.add("different", order.number, detail)
    number = str(document.get("OrderNumber") or document["OrderID"])
    if web.told != number:
        result.add("different", order.number, f"shows number '{web.told}' instead of '{number}'")
    ours = [comment for comment in web.comments if OURS in comment]
    if not any(f" {document['Status']}]" in comment for comment in ours):
        result.add("lost", order.number, f"status '{document['Status']}' is not told")
    if len(set(ours)) != len(ours):
        result.add("doubled", order.number, "a comment stands twice")


def _differences(order: PlacedOrder, document: Document) -> Iterator[str]:
    total = amount(document, "TotalAmount")
    if total != order.total:
        yield f"total {total} instead of {order.total}"
    there = sorted((line["SKU"], amount(line, "Quantity"), amount(line, "Price")) for line in document["LineItems"])
    if there != sorted(order.lines):
        yield f"lines {there} instead of {sorted(order.lines)}"
    paid = sum((amount(tender, "Amount") for tender in document.get("Tenders") or ()), Decimal(0))
    due = amount(document, "BalanceDue")
    if paid + due != total:
        yield f"tenders {paid} and due {due} do not make {total}"
    address = document.get("ShippingAddress") or document.get("BillingAddress") or {}
    if address.get("Email", order.email) != order.email:
        yield "another e-mail"


def _state_differences(web: WebSide, document: Document) -> Iterator[str]:
    if (web.document.get("state") == CANCELED) is not (document["Status"] == CANCELLED):
        yield f"is {web.document['state']} in the web store and {document['Status']} in the point of sale"


FIELDS = {
    "FirstName": "firstname",
    "LastName": "lastname",
    "City": "city",
    "State": "region_code",
    "PostalCode": "postcode",
    "Country": "country_id",
}
"""Of an address, in the point of sale's words and the web store's; streets and phones are standardised on the way."""


def _addresses(web: WebSide, document: Document) -> Iterator[str]:
    theirs = document.get("ShippingAddress")
    ours = _shipping_address(web.document)
    if not theirs or not ours:
        return
    for there, here in FIELDS.items():
        if here in ours and theirs.get(there) != ours[here]:
            yield f"{there} '{theirs.get(there)}' instead of '{ours[here]}'"


def _shipping_address(order: Document) -> Document | None:
    assignments = (order.get("extension_attributes") or {}).get("shipping_assignments") or ()
    found: Document | None = assignments[0]["shipping"].get("address") if assignments else None
    return found
