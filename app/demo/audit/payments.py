"""Payments: what the web store took is what the point of sale has as tenders, to the cent and by kind, each once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from app.demo.audit.books import BothSides, Document, WebSide, amount
from app.demo.audit.findings import EntityAudit
from app.demo.audit.orders import CANCELED
from app.demo.deeds import Deeds

KINDS = {
    "checkmo": "Offline",
    "banktransfer": "Offline",
    "cashondelivery": "Offline",
    "sandbox_card": "Card",
    "sandbox_card_authorised": "Card",
}
"""The tender's type by the web store's payment method."""


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare every order that is in both systems."""
    result.did = len(deeds.invoices)
    for order_number, total in deeds.invoices.items():
        web = both.web.get(order_number)
        if web is None or amount(web.document, "base_total_invoiced") < total:
            result.add("lost", order_number, f"was invoiced over {total} and is not in the web store")
    for web, document in both.pairs():
        result.compared += len(web.invoices)
        _check_tenders(web, document, result)
        _check_payments(web, both.payments.get(str(document["OrderID"]), ()), both.books.prefix, result)


def _check_tenders(web: WebSide, document: Document, result: EntityAudit) -> None:
    taken, there = _taken(web.document), _tenders(document)
    if taken != there:
        verdict = "lost" if sum(there.values()) < sum(taken.values()) else "different"
        result.add(verdict, web.number, f"tenders {_told(there)} instead of {_told(taken)}")
    due = amount(web.document, "base_total_due")
    if web.document.get("state") != CANCELED and amount(document, "BalanceDue") != due:
        result.add("different", web.number, f"due {amount(document, 'BalanceDue')} instead of {due}")


def _taken(order: Document) -> dict[str, Decimal]:
    """What the web store took, by the tender's type; a gift card pays when the order is placed."""
    kind = KINDS.get(order["payment"]["method"], "Other")
    extension = order.get("extension_attributes") or {}
    amounts = {kind: amount(order, "base_total_paid"), "GiftCard": amount(extension, "base_gift_cards_amount")}
    return {name: money for name, money in amounts.items() if money}


def _tenders(document: Document) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for tender in document.get("Tenders") or ():
        found[tender["Type"]] += amount(tender, "Amount")
    return {name: money for name, money in found.items() if money}


def _check_payments(web: WebSide, payments: Sequence[Document], prefix: str, result: EntityAudit) -> None:
    """Each payment is an invoice of this order: its amount, and the gateway's name of it."""
    invoices = {f"{prefix}{web.number}-inv-{invoice['increment_id']}": invoice for invoice in web.invoices}
    seen: set[str] = set()
    for payment in payments:
        name = str(payment.get("ExternalID"))
        invoice = invoices.get(name)
        if name in seen:
            result.add("doubled", web.number, f"payment {name} is there twice")
        seen.add(name)
        if invoice is None:
            result.add("different", web.number, f"payment {name} is of no invoice")
            continue
        if amount(payment, "Amount") != amount(invoice, "base_grand_total"):
            paid, asked = amount(payment, "Amount"), amount(invoice, "base_grand_total")
            result.add("different", web.number, f"payment {name} is over {paid} instead of {asked}")
        reference = str(invoice.get("transaction_id") or "")
        if reference and payment.get("Reference") != reference:
            result.add("different", web.number, f"payment {name} names '{payment.get('Reference')}', not '{reference}'")


def _told(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{name} {money}" for name, money in sorted(amounts.items())) or "none"
