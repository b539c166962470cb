"""What a credit memo is made of, and what it leaves on its order. Pure: ids, numbers and times come from outside.

Unlike an order's, its rows are gross. Tax and discount of some of a row's units are their share, rounded; the last
units take what is left, so that the refunds of a row add up to what was invoiced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from app.sandbox.magento.lifecycle import add, child_of, left_to_refund, put, rows_with_money
from app.sandbox.magento.shop import Json, decimal, money, number

REFUNDED = 2
NOTHING = Decimal(0)
ROW_REFUNDS = ("tax_refunded", "discount_refunded", "discount_tax_compensation_refunded")


@dataclass(frozen=True, slots=True)
class Refund:
    """What is given back.

    Attributes:
        quantities: units by order item; none of a row that is listed with 0.
        shipping: of the shipping fee.
        positive, negative: adjustments, None where none was sent.
    """

    quantities: Mapping[int, Decimal]
    shipping: Decimal
    positive: Decimal | None
    negative: Decimal | None

    @property
    def adjustment(self) -> Decimal:
        """What the adjustments come to: positive is more for the customer."""
        return (self.positive or NOTHING) - (self.negative or NOTHING)


def build_creditmemo(order: Json, refund: Refund) -> Json:
    """The document, without ids, number and times."""
    items = [
        item
        for row in rows_with_money(order)
        if refund.quantities.get(row["item_id"])
        for item in _items(order, row, refund.quantities[row["item_id"]])
    ]
    net = _sum(items, "row_total") + _sum(items, "tax_amount") - _sum(items, "discount_amount")
    gross = net + refund.shipping + refund.adjustment
    gift_cards = min(max(gross, NOTHING), _gift_cards_left(order))
    memo: Json = {"state": REFUNDED, "items": items}
    put(memo, "adjustment", refund.adjustment)
    if refund.positive is not None:
        put(memo, "adjustment_positive", refund.positive)
    if refund.negative is not None:
        put(memo, "adjustment_negative", refund.negative)
    put(memo, "discount_amount", -_sum(items, "discount_amount"))
    put(memo, "discount_tax_compensation_amount", NOTHING)
    put(memo, "grand_total", gross - gift_cards)
    put(memo, "shipping_amount", refund.shipping)
    put(memo, "shipping_incl_tax", refund.shipping)
    put(memo, "shipping_tax_amount", NOTHING)
    put(memo, "subtotal", _sum(items, "row_total"))
    put(memo, "subtotal_incl_tax", _sum(items, "row_total_incl_tax"))
    put(memo, "tax_amount", _sum(items, "tax_amount"))
    if gift_cards:
        memo["extension_attributes"] = {}
        put(memo["extension_attributes"], "gift_cards_amount", gift_cards)
    return memo


def _items(order: Json, row: Json, quantity: Decimal) -> list[Json]:
    """A row's item, and that of its child if it is a configurable."""
    child = child_of(order, row)
    return [_item(order, row, quantity), *([_child_item(child, quantity)] if child else [])]


def _item(order: Json, row: Json, quantity: Decimal) -> Json:
    price = decimal(row["price"])
    rate = 1 + decimal(row["tax_percent"]) / 100
    item = _named(row, quantity) | {
        "base_weee_tax_row_disposition": 0,
        "weee_tax_applied": "[]",
        "weee_tax_applied_row_amount": 0,
        "weee_tax_row_disposition": 0,
    }
    put(item, "discount_tax_compensation_amount", NOTHING)
    put(item, "price", price)
    put(item, "price_incl_tax", decimal(row["price_incl_tax"]))
    put(item, "row_total", money(price * quantity))
    put(item, "row_total_incl_tax", money(price * quantity * rate))
    put(item, "tax_amount", _portion(row, "tax", quantity))
    if order.get("coupon_code"):
        put(item, "discount_amount", _portion(row, "discount", quantity))
    return item


def _child_item(child: Json, quantity: Decimal) -> Json:
    item = _named(child, quantity)
    put(item, "price", NOTHING)
    return item


def _named(row: Json, quantity: Decimal) -> Json:
    return {
        "base_cost": None,
        "name": row["name"],
        "order_item_id": row["item_id"],
        "product_id": row.get("product_id"),
        "qty": number(quantity),
        "sku": row["sku"],
    }


def _portion(row: Json, name: str, quantity: Decimal) -> Decimal:
    """The share of an amount, never more than is left of it."""
    invoiced = decimal(row[f"{name}_invoiced"])
    left = invoiced - decimal(row.get(f"{name}_refunded"))
    if quantity == left_to_refund(row):
        return left
    return min(left, money(invoiced * quantity / decimal(row["qty_invoiced"])))


def _gift_cards_left(order: Json) -> Decimal:
    """What gift cards paid and did not get back; they come first."""
    extension = order.get("extension_attributes") or {}
    return decimal(extension.get("gift_cards_invoiced")) - decimal(extension.get("gift_cards_refunded"))


def _sum(items: Iterable[Json], name: str) -> Decimal:
    return sum((decimal(item.get(name)) for item in items), NOTHING)


def book_creditmemo(order: Json, memo: Json, *, online: bool, now: str) -> None:
    """Put a credit memo's quantities and amounts on its order and the order's rows."""
    rows = {row["item_id"]: row for row in order["items"]}
    for item in memo["items"]:
        _book_row(rows[item["order_item_id"]], item, now)
    paid_back = decimal(memo["grand_total"])
    amounts = {
        "adjustment_positive": decimal(memo.get("adjustment_positive")),
        "adjustment_negative": decimal(memo.get("adjustment_negative")),
        "discount_refunded": decimal(memo["discount_amount"]),
        "discount_tax_compensation_refunded": NOTHING,
        "shipping_refunded": decimal(memo["shipping_amount"]),
        "shipping_tax_refunded": NOTHING,
        "subtotal_refunded": decimal(memo["subtotal"]),
        "tax_refunded": decimal(memo["tax_amount"]),
        f"total_{'online' if online else 'offline'}_refunded": paid_back,
        "total_refunded": paid_back,
    }
    for name, amount in amounts.items():
        add(order, name, amount)
    add(order["payment"], "amount_refunded", paid_back)
    add(order["payment"], "shipping_refunded", decimal(memo["shipping_amount"]))
    gift_cards = decimal((memo.get("extension_attributes") or {}).get("gift_cards_amount"))
    if gift_cards:
        add(order["extension_attributes"], "gift_cards_refunded", gift_cards)


def _book_row(row: Json, item: Json, now: str) -> None:
    row["qty_refunded"] = number(decimal(row["qty_refunded"]) + decimal(item["qty"]))
    add(row, "amount_refunded", decimal(item.get("row_total")))
    for name in ROW_REFUNDS:
        add(row, name, decimal(item.get(name.replace("refunded", "amount"))))
    row["updated_at"] = now
