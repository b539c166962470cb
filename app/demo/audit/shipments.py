"""Shipments: both systems say that the same pieces have left, from the same place, under the same numbers."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from app.demo.audit.books import FULFILLED, BothSides, Document, Units, WebSide, amount, units
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import Deeds


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare every order that is in both systems."""
    result.did = len(deeds.parcels)
    for web, document in both.pairs():
        result.compared += len(web.shipments)
        _check_pieces(web, document, result)
        _check_tracks(web, document, result)
        source = both.books.sources.get(str(document["LocationID"]))
        for shipment in web.shipments:
            named = (shipment.get("extension_attributes") or {}).get("source_code")
            if named != source:
                result.add("different", web.number, f"left source '{named}' instead of '{source}'")
    _check_deeds(both, deeds, result)


def _check_pieces(web: WebSide, document: Document, result: EntityAudit) -> None:
    virtual = {item["sku"] for item in web.document["items"] if item.get("is_virtual")}
    here, there = shipped_in_web(web), _left_pos(document, virtual)
    for sku in sorted({*here, *there}):
        one, other = here.get(sku, Decimal(0)), there.get(sku, Decimal(0))
        if one != other:
            verdict = "lost" if min(one, other) == 0 else "different"
            result.add(verdict, web.number, f"{one} of {sku} left in the web store, {other} in the point of sale")


def shipped_in_web(web: WebSide) -> Units:
    """Pieces that have left, by SKU."""
    return units([item for shipment in web.shipments for item in shipment["items"]], "sku", "qty")


def _left_pos(document: Document, virtual: set[str]) -> Units:
    """A fulfilled order has left whole, another one as far as its parcels say."""
    if document["Status"] == FULFILLED:
        lines = document["LineItems"]
    else:
        lines = [line for parcel in document.get("Shipments") or () for line in parcel["Lines"]]
    return units([line for line in lines if line["SKU"] not in virtual and amount(line, "Quantity")])


def _check_tracks(web: WebSide, document: Document, result: EntityAudit) -> None:
    here = Counter(str(track["track_number"]) for shipment in web.shipments for track in shipment["tracks"])
    parcels = document.get("Shipments") or ()
    there = Counter(str(parcel["TrackingNumber"]) for parcel in parcels if parcel.get("TrackingNumber"))
    for number in (here | there) - (here & there):
        verdict = "doubled" if here[number] and there[number] else "lost"
        result.add(verdict, web.number, f"track {number}: {here[number]} here, {there[number]} there")


def _check_deeds(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """A number that the shop put on a parcel is in both books."""
    for number, track in deeds.parcels:
        web = both.web.get(number)
        if track and web and not any(t["track_number"] == track for s in web.shipments for t in s["tracks"]):
            result.add("lost", number, f"parcel {track} is not in the web store")
