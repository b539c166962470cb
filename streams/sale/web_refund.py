"""A Magento credit memo (GET /V1/creditmemo/:id) in the words of `schemas.canonical.Refund`.

Its rows are those of the order: the amounts stand on the parent of a configurable and of a fixed bundle, and on the
children of a dynamic bundle; a row without ``base_row_total`` carries none. The discount of delivery stands only in the
head, among that of the rows. A memo does not say which goods came back.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from streams.sale.exact import ZERO, amount
from streams.sale.fixed_bundle import shares_of
from streams.sale.order import Node
from streams.sale.tenders import prepaid_tenders, tender_of


def web_refund_lines(memo: Node) -> list[dict[str, Any]]:
    """The refunded lines; of a fixed bundle its components, among which what it gives back is spread.

    Raises:
        Rejected: an unusable amount; names memo and key.
    """
    lines: list[dict[str, Any]] = []
    for item in _priced(memo):
        components = _components(memo, item)
        lines.extend(_spread(memo, item, components) if components else [_line(memo, item)])
    return lines


def web_refund_shipping(memo: Node) -> dict[str, Decimal]:
    """What of delivery's price goes back. Raises Rejected for an unusable amount."""
    subject = memo_name(memo)
    of_lines = sum((amount(item, "base_discount_amount", subject) for item in _priced(memo)), ZERO)
    return {
        "amount": amount(memo, "base_shipping_amount", subject),
        "discount": max(-amount(memo, "base_discount_amount", subject) - of_lines, ZERO),
        "tax": amount(memo, "base_shipping_tax_amount", subject),
    }


def web_refund_tenders(context: Mapping[str, Any], memo: Node) -> list[dict[str, Any]]:
    """How the money goes back: as it came. ``order`` in the memo is the order's head, read with it."""
    total, prepaid = amount(memo, "base_grand_total", memo_name(memo)), prepaid_tenders(memo, memo_name(memo))
    if total == ZERO:
        return prepaid
    payment = (memo.get("order") or {}).get("payment") or {}
    kind, method = tender_of(context, payment)
    reference = str(memo.get("transaction_id") or "")
    return [{"kind": kind, "method": method, "amount": total, "reference": reference}, *prepaid]


def web_refund_total(memo: Node) -> Decimal:
    """What goes back in all: gift cards, store credit and points are not in a memo's ``base_grand_total``."""
    subject = memo_name(memo)
    prepaid = sum((tender["amount"] for tender in prepaid_tenders(memo, subject)), ZERO)
    return amount(memo, "base_grand_total", subject) + prepaid


def memo_name(memo: Node) -> str:
    """What messages call it: ``credit memo 000000005 of order 000000042``."""
    order = (memo.get("order") or {}).get("increment_id") or memo.get("order_id") or "without a number"
    return f"credit memo {memo.get('increment_id') or memo.get('entity_id')} of order {order}"


def _priced(memo: Node) -> list[Node]:
    items = memo.get("items") or ()
    return [item for item in items if isinstance(item, dict) and item.get("base_row_total") is not None]


def _components(memo: Node, item: Node) -> list[Node]:
    """The refunded rows of a fixed bundle's components, if it is one; ``order`` in the memo tells whose they are."""
    rows = {str(row.get("item_id")): row for row in (memo.get("order") or {}).get("items") or ()}
    bundle = str(item.get("order_item_id"))
    if (rows.get(bundle) or {}).get("product_type") != "bundle":
        return []
    own = {row for row, node in rows.items() if str(node.get("parent_item_id")) == bundle}
    return [each for each in memo.get("items") or () if str(each.get("order_item_id")) in own and each.get("qty")]


def _spread(memo: Node, item: Node, components: list[Node]) -> list[dict[str, Any]]:
    """A line for each component with its share of what the bundle's own row gives back."""
    whole = _line(memo, item)
    pieces = [amount(each, "qty", f"{memo_name(memo)}, line {each['order_item_id']}") for each in components]
    shares = shares_of(pieces, gross=whole["amount"], discount=whole["discount"], tax=whole["tax"])
    return [
        {
            "line_id": str(each["order_item_id"]),
            "sku": str(each.get("sku") or ""),
            "quantity": quantity,
            "amount": share.gross,
            "discount": share.discount,
            "tax": share.tax,
        }
        for each, quantity, share in zip(components, pieces, shares, strict=True)
    ]


def _line(memo: Node, item: Node) -> dict[str, Any]:
    subject = f"{memo_name(memo)}, line {item.get('order_item_id', '?')}"
    compensation = amount(item, "base_discount_tax_compensation_amount", subject)
    return {
        "line_id": str(item.get("order_item_id") or ""),
        "sku": str(item.get("sku") or ""),
        "quantity": amount(item, "qty", subject),
        "amount": amount(item, "base_row_total", subject),
        "discount": amount(item, "base_discount_amount", subject) - compensation,
        "tax": amount(item, "base_tax_amount", subject),
    }
