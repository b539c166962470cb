"""The gift cards that a Magento order (Adobe Commerce) is paid with, each with its share of what became of the money.

Magento tells what each card pays, and what was invoiced and refunded of all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from schemas.canonical.gift_card import GiftCardState
from schemas.canonical.gift_card_redemption import RedemptionStage
from schemas.gift_card_codes import read_masked
from streams.sale.exact import ZERO, amount, exact
from streams.sale.export import sale_export
from streams.sale.order import Node, extension, order_name, rows

UNNAMED = "0"
"""Instead of a card's id, where the order says how much gift cards pay, and not which."""
CANCELED = "canceled"


def gift_card_redemptions(order: Node) -> list[dict[str, Any]]:
    """The cards, each with ``id``, masked ``code``, ``amount``, ``beside`` and ``given_back``.

    Raises:
        Rejected: as `amount` does.
    """
    subject, options = order_name(order), extension(order)
    total = amount(options, "base_gift_cards_amount", subject)
    if total == ZERO:
        return []
    cards = [card for card in options.get("gift_cards") or () if isinstance(card, dict)]
    found = [_card(card, subject) for card in cards] or [
        {"id": UNNAMED, "code": read_masked("").model_dump(), "amount": total}
    ]
    back = spread_back([card["amount"] for card in found], _given_back(order, total))
    paid = sum((card["amount"] for card in found), ZERO)
    return [
        {**card, "beside": paid - card["amount"], "given_back": share} for card, share in zip(found, back, strict=True)
    ]


def gift_card_stage(context: Mapping[str, Any], _part: Node) -> str:
    """How far the money of the order's cards has come, as `RedemptionStage`. ``whole`` is the order."""
    order: Node = context["whole"]
    subject = order_name(order)
    invoiced = amount(extension(order), "base_gift_cards_invoiced", subject)
    if not invoiced and order.get("state") == CANCELED:
        return RedemptionStage.RELEASED.value
    due = amount(order, "base_total_due", subject) - amount(order, "base_total_canceled", subject)
    allowed = bool(sale_export(context, order)["allowed"])
    if invoiced or (allowed and due <= ZERO):
        return RedemptionStage.SPENT.value
    return (RedemptionStage.HELD if allowed else RedemptionStage.WAITING).value


def gift_cards_to_store_credit(context: Mapping[str, Any], _part: Node) -> Decimal:
    """What refunds turned into store credit beyond what store credit had paid. ``whole`` is the order."""
    order: Node = context["whole"]
    subject, options = order_name(order), extension(order)
    turned = amount(options, "base_customer_balance_total_refunded", subject)
    return max(turned - amount(options, "base_customer_balance_refunded", subject), ZERO)


def gift_card_end(last_four: str | None) -> dict[str, str]:
    """What Heartland tells of a card's number, as `schemas.canonical.MaskedCode`: four letters or digits, else none."""
    return read_masked(f"hmac::{last_four or ''}").model_dump()


def gift_card_state(balance: object) -> str:
    """Whether anything is left on a Heartland card, as `GiftCardState`; it tells no other state."""
    return (GiftCardState.ACTIVE if exact(balance) > ZERO else GiftCardState.USED).value


def gift_card_available(card: Node) -> Decimal:
    """What can still be spent of a canonical gift card."""
    return exact(card["balance"]) - exact(card["held"])


def spread_back(amounts: Sequence[Decimal], given_back: Decimal) -> list[Decimal]:
    """What goes back to each card, the last one first, no card more than it paid: a card that is used up by an order
    stays so as long as another one can take the money, and more to give back never takes from a card again."""
    left, shares = given_back, []
    for paid in reversed(amounts):
        share = min(left, paid)
        shares.append(share)
        left -= share
    return list(reversed(shares))


def _card(card: Node, subject: str) -> dict[str, Any]:
    return {
        "id": str(card.get("id") or UNNAMED),
        "code": read_masked(str(card.get("code") or "")).model_dump(),
        "amount": amount(card, "base_amount", subject),
    }


def _given_back(order: Node, total: Decimal) -> Decimal:
    """What refunds gave back, and what was spent for goods that were canceled since."""
    subject, options = order_name(order), extension(order)
    invoiced = amount(options, "base_gift_cards_invoiced", subject)
    refunded = amount(options, "base_gift_cards_refunded", subject)
    return refunded + (total - invoiced if invoiced and _nothing_left_to_invoice(order) else ZERO)


def _nothing_left_to_invoice(order: Node) -> bool:
    subject = order_name(order)
    whole = (row for row in rows(order) if row.get("parent_item_id") is None)
    return all(
        amount(row, "qty_ordered", subject)
        <= amount(row, "qty_invoiced", subject) + amount(row, "qty_canceled", subject)
        for row in whole
    )
