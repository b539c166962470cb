"""How a sale is paid: received money, gift cards, store credit, reward points."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.canonical.sale import TenderKind
from schemas.gift_card_codes import read_masked
from streams.errors import Rejected
from streams.sale.exact import ZERO, amount
from streams.sale.order import Node, extension, order_name

OFFLINE_METHODS = frozenset({"checkmo", "banktransfer", "cashondelivery", "purchaseorder"})
"""Magento's own payment methods that take no money by themselves."""

_LAST = 4
PREPAID = (
    (TenderKind.GIFT_CARD, "giftcard", "base_gift_cards_amount"),
    (TenderKind.STORE_CREDIT, "customerbalance", "base_customer_balance_amount"),
    (TenderKind.REWARD_POINTS, "reward", "base_reward_currency_amount"),
)
"""What Adobe Commerce takes off a document's total: kind, our name of the method, extension attribute."""


def sale_tenders(context: Mapping[str, Any], order: Node) -> list[dict[str, Any]]:
    """What has been received for a Magento order, as `schemas.canonical.Tender`.

    Magento's ``base_grand_total`` is what is left after gift cards, store credit and points; those are tenders too.

    Raises:
        Rejected: gift cards that do not add up, or an unusable amount; names order and key.
    """
    return [*_payment(context, order), *_gift_cards(order), *_credits(order)]


def prepaid(order: Node) -> Decimal:
    """What gift cards, store credit and reward points have taken off ``base_grand_total``."""
    return sum((tender["amount"] for tender in prepaid_tenders(order, order_name(order))), ZERO)


def prepaid_tenders(document: Node, subject: str) -> list[dict[str, Any]]:
    """The same by kind, of an order, an invoice or a credit memo that ``subject`` names; none that is zero."""
    options = extension(document)
    found = [(kind, method, amount(options, key, subject)) for kind, method, key in PREPAID]
    return [{"kind": kind, "method": method, "amount": paid, "reference": ""} for kind, method, paid in found if paid]


def _payment(context: Mapping[str, Any], order: Node) -> list[dict[str, Any]]:
    paid = amount(order, "base_total_paid", order_name(order))
    if paid == ZERO:
        return []
    payment = order.get("payment") or {}
    kind, method = tender_of(context, payment)
    reference = str(payment.get("last_trans_id") or card_end(payment))
    return [{"kind": kind, "method": method, "amount": paid, "reference": reference}]


def tender_of(context: Mapping[str, Any], payment: Node) -> tuple[TenderKind, str]:
    """What an order's payment is paid with, and Magento's name of the method."""
    method = str(payment.get("method") or "unknown")
    offline = OFFLINE_METHODS.union((context.get("channel") or {}).get("offline_methods") or ())
    return (TenderKind.OFFLINE if method in offline else TenderKind.CARD), method


def card_end(payment: Node) -> str:
    """The last four digits, never more, whatever a payment module writes there."""
    digits = str(payment.get("cc_last4") or "")
    return digits[-_LAST:] if digits.isdigit() else ""


def _gift_cards(order: Node) -> list[dict[str, Any]]:
    subject, options = order_name(order), extension(order)
    total = amount(options, "base_gift_cards_amount", subject)
    if total == ZERO:
        return []
    cards = [card for card in options.get("gift_cards") or () if isinstance(card, dict)]
    tenders = [
        {
            "kind": TenderKind.GIFT_CARD,
            "method": "giftcard",
            "amount": amount(card, "base_amount", subject),
            "reference": read_masked(str(card.get("code") or "")).last_four,
        }
        for card in cards
    ]
    if not tenders:
        return [{"kind": TenderKind.GIFT_CARD, "method": "giftcard", "amount": total, "reference": ""}]
    listed = sum((amount(card, "base_amount", subject) for card in cards), ZERO)
    if listed != total:
        raise Rejected(
            f"{subject}: its gift cards add up to {listed}, but base_gift_cards_amount is {total}: look at the order "
            "in Magento, then replay",
            code="gift_cards",
        )
    return tenders


def _credits(order: Node) -> list[dict[str, Any]]:
    prepaid = prepaid_tenders(order, order_name(order))
    return [tender for tender in prepaid if tender["kind"] is not TenderKind.GIFT_CARD]
