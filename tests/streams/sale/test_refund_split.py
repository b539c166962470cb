"""An order is refunded bit by bit, in either system: all refunds together are what was paid, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical.refund import Refund
from streams.engine import Engine, load, validate
from streams.sale.exact import exact
from tests.streams.sale.magento_orders import charge

ENGINE = Engine(load())
ZERO = Decimal(0)
CHANNEL = {"name": "main", "prefix": "W-", "location": "MAIN", "currency": "USD", "offline_methods": ["checkmo"]}
MONEY = st.decimals(0, 500, places=2)


@dataclass(frozen=True)
class Sold:
    """A line of the order, and in which refunds its pieces go back: one number for each piece."""

    sku: str
    price: Decimal
    discount_percent: int
    tax_percent: Decimal
    refunds: tuple[int, ...]

    @property
    def row(self) -> tuple[Decimal, Decimal, Decimal]:
        """Price, discount and tax of all its pieces."""
        charged = charge(self.price, len(self.refunds), self.tax_percent, self.discount_percent, inclusive=False)
        return charged.row, charged.discount, charged.tax

    @property
    def paid(self) -> Decimal:
        row, discount, tax = self.row
        return row - discount + tax


REFUNDS = 4
SOLD = st.builds(
    Sold,
    sku=st.sampled_from("AB"),
    price=MONEY,
    discount_percent=st.sampled_from([0, 10, 33, 100]),
    tax_percent=st.sampled_from([Decimal(0), Decimal("8.25"), Decimal(20)]),
    refunds=st.lists(st.integers(0, REFUNDS - 1), min_size=1, max_size=5).map(tuple),
)
LINES = st.lists(SOLD, min_size=1, max_size=4)


def in_json(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(orjson.dumps(value, default=float))
    return found


def at_the_till(lines: list[Sold], amounts: list[Decimal]) -> dict[str, Any]:
    """The Heartland order, refunded by pieces of SKUs."""
    rows = [
        {"SKU": line.sku, "Quantity": len(line.refunds), "Price": line.price, "Discount": discount, "Tax": tax}
        for line in lines
        for _, discount, tax in [line.row]
    ]
    refunds = []
    for number, amount in enumerate(amounts):
        pieces = {sku: sum(line.refunds.count(number) for line in lines if line.sku == sku) for sku in "AB"}
        refunds.append(
            {
                "RefundID": str(number),
                "RefundedAt": f"2026-11-2{number}T10:00:00Z",
                "Amount": amount,
                "Tenders": [{"Type": "Cash", "Amount": amount}],
                "Lines": [{"SKU": sku, "Quantity": count} for sku, count in pieces.items() if count],
            }
        )
    return in_json({"OrderID": "1", "Currency": "USD", "LocationID": "MAIN", "LineItems": rows, "Refunds": refunds})


def read_till(order: dict[str, Any]) -> list[Refund]:
    context = {"sale": "web:order:4", "sale_number": "4", "channel": CHANNEL, "whole": order}
    return [
        validate(
            Refund,
            ENGINE.map_in("refund_to_web", entry, {**context, "ref": f"pos:refund:1/{entry['RefundID']}"}),
            f"refund {entry['RefundID']}",
        )
        for entry in order["Refunds"]
    ]


@settings(max_examples=40, deadline=None)
@given(LINES, st.lists(MONEY, min_size=REFUNDS, max_size=REFUNDS))
def test_refunds_at_the_till_give_back_each_line_once_and_explain_what_they_give_more_or_less(
    lines: list[Sold], amounts: list[Decimal]
) -> None:
    refunds = read_till(at_the_till(lines, amounts))
    goods = [sum((line.total for line in refund.lines), ZERO) for refund in refunds]
    assert sum(goods) == sum((line.paid for line in lines), ZERO)
    for refund, amount, of_goods in zip(refunds, amounts, goods, strict=True):
        assert refund.total == amount
        assert refund.adjustment_positive - refund.adjustment_negative == amount - of_goods
        assert ZERO in (refund.adjustment_positive, refund.adjustment_negative)


@settings(max_examples=40, deadline=None)
@given(LINES)
def test_what_the_till_refunds_at_its_price_needs_no_adjustment(lines: list[Sold]) -> None:
    free = read_till(at_the_till(lines, [ZERO] * REFUNDS))
    prices = [sum((line.total for line in refund.lines), ZERO) for refund in free]
    refunds = read_till(at_the_till(lines, prices))
    assert sum(refund.total for refund in refunds) == sum((line.paid for line in lines), ZERO)
    assert not any(refund.adjustment_positive or refund.adjustment_negative for refund in refunds)


def cut(whole: Decimal, pieces: list[int]) -> list[Decimal]:
    """Shares of an amount as Magento gives them: rounded one after the other, what is left with the last piece."""
    shares, given, before = [], ZERO, 0
    for now in pieces:
        before += now
        so_far = whole if before == sum(pieces) else (whole * before / sum(pieces)).quantize(Decimal("0.01"))
        shares.append(so_far - given)
        given = so_far
    return shares


def memo(number: int, lines: list[Sold], shipping: Decimal) -> dict[str, Any]:
    """The credit memo of that number; delivery goes back with the first."""
    items: list[dict[str, Any]] = []
    total = shipping if number == 0 else ZERO
    for index, line in enumerate(lines):
        pieces = [line.refunds.count(each) for each in range(REFUNDS)]
        row, discount, tax = (cut(whole, pieces)[number] for whole in line.row)
        items.append(
            {
                "order_item_id": index,
                "sku": line.sku,
                "qty": pieces[number],
                "base_row_total": row,
                "base_discount_amount": discount,
                "base_tax_amount": tax,
            }
        )
        total += row - discount + tax
    items = [item for item in items if item["qty"]]
    return in_json(
        {
            "entity_id": number + 1,
            "increment_id": f"00000000{number + 1}",
            "created_at": f"2026-11-2{number} 10:00:00",
            "updated_at": f"2026-11-2{number} 10:00:00",
            "base_currency_code": "USD",
            "base_grand_total": total,
            "base_shipping_amount": shipping if number == 0 else 0,
            "base_discount_amount": -sum((item["base_discount_amount"] for item in items), ZERO),
            "items": items,
            "order": {"increment_id": "000000004", "payment": {"method": "checkmo"}},
        }
    )


@pytest.mark.rule("money.web_refund")
@settings(max_examples=40, deadline=None)
@given(LINES, MONEY)
def test_credit_memos_give_back_in_the_point_of_sale_what_was_paid(lines: list[Sold], shipping: Decimal) -> None:
    given_back = ZERO
    for number in range(REFUNDS):
        context = {"ref": f"web:credit_memo:{number}", "sale": "web:order:4", "channel": CHANNEL}
        body = memo(number, lines, shipping)
        refund = validate(Refund, ENGINE.map_in("refund_to_pos", body, context), f"credit memo {number}")
        entry = ENGINE.map_out("refund_to_pos", refund.model_dump(mode="json"), {"channel": CHANNEL, "marker": "[m]"})
        assert sum(exact(tender["Amount"]) for tender in entry["Tenders"]) == exact(entry["Amount"])
        given_back += exact(entry["Amount"])
    assert given_back == sum((line.paid for line in lines), shipping)
