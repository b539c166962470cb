"""Refunds: each amount that went back, whichever side gave it, is once on the other, over the same pieces."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from app.demo.audit.books import BothSides, Document, WebSide, amount, units
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import Deeds

Refund = tuple[Decimal, tuple[tuple[str, Decimal], ...]]
"""Amount, and pieces by SKU."""


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare every order that is in both systems."""
    result.did = len(deeds.refunds)
    for web, document in both.pairs():
        here = Counter(_memo(memo) for memo in web.memos)
        there = Counter(_entry(entry) for entry in document.get("Refunds") or ())
        result.compared += here.total()
        _compare(web, here, there, result)
        _check_limit(web, document, result)
    for refund in deeds.refunds:
        side = both.web.get(refund.number)
        if side is None or refund.amount not in {amount(memo, "base_grand_total") for memo in side.memos}:
            result.add("lost", refund.number, f"the refund of {refund.amount} is not in the web store")


def _memo(memo: Document) -> Refund:
    priced = [item for item in memo["items"] if item.get("base_row_total") is not None]
    return amount(memo, "base_grand_total").normalize(), _pieces(units(priced, "sku", "qty"))


def _entry(entry: Document) -> Refund:
    return amount(entry, "Amount").normalize(), _pieces(units(entry.get("Lines") or ()))


def _pieces(found: dict[str, Decimal]) -> tuple[tuple[str, Decimal], ...]:
    return tuple(sorted((sku, pieces.normalize()) for sku, pieces in found.items()))


def _compare(web: WebSide, here: Counter[Refund], there: Counter[Refund], result: EntityAudit) -> None:
    for refund in (here | there) - (here & there):
        one, other = here[refund], there[refund]
        verdict = "doubled" if one and other else "lost" if not other else "different"
        told = f"{refund[0]:f} for {', '.join(f'{pieces:f} of {sku}' for sku, pieces in refund[1]) or 'no goods'}"
        result.add(verdict, web.number, f"{told}: {one} times in the web store, {other} times in the point of sale")


def _check_limit(web: WebSide, document: Document, result: EntityAudit) -> None:
    """More than was paid never goes back."""
    back = sum((amount(entry, "Amount") for entry in document.get("Refunds") or ()), Decimal(0))
    paid = sum((amount(tender, "Amount") for tender in document.get("Tenders") or ()), Decimal(0))
    if back > paid:
        result.add("doubled", web.number, f"{back} went back of {paid}")
