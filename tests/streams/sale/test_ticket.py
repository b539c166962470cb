"""Sales in store, in canonical words and in Magento's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import Ticket
from streams.engine import Engine, load, validate
from streams.sale.exact import ZERO, cents, exact
from streams.sale.lines import line_amount
from streams.sale.ticket import is_ticket, pos_totals, web_time

ENGINE = Engine(load())
CHANNEL = {"name": "main", "location": "MAIN", "ticket_prefix": "POS-", "store_id": 1}
CENTS = st.integers(0, 500_00).map(lambda amount: Decimal(amount).scaleb(-2))
LINES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.tuples(st.integers(1, 9_0000), st.integers(0, 99_0000), CENTS, CENTS).map(
        lambda line: {
            "SKU": "A1",
            "Quantity": Decimal(line[0]).scaleb(-4),
            "Price": Decimal(line[1]).scaleb(-4),
            "Discount": line[2],
            "Tax": line[3],
        }
    ),
    min_size=1,
    max_size=5,
)
SHIPPING: st.SearchStrategy[dict[str, Decimal]] = st.just({}) | st.fixed_dictionaries(
    {"Amount": CENTS.filter(bool), "Discount": CENTS, "Tax": CENTS}
)
FEES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.fixed_dictionaries({"Name": st.just("Gift wrap"), "Amount": CENTS, "Tax": CENTS}), max_size=2
)


@st.composite
def sales(draw: st.DrawFn) -> dict[str, Any]:
    """An order of the point of sale that adds up, as it checks itself."""
    lines, shipping, fees, due = draw(LINES), draw(SHIPPING), draw(FEES), draw(CENTS)
    goods = sum((line_amount(line["Price"], line["Quantity"]) - line["Discount"] + line["Tax"] for line in lines), ZERO)
    delivery = shipping.get("Amount", ZERO) - shipping.get("Discount", ZERO) + shipping.get("Tax", ZERO)
    total = goods + delivery + sum((fee["Amount"] + fee["Tax"] for fee in fees), ZERO)
    order = {
        "OrderID": "17",
        "OrderDate": "2026-11-24T19:03:00Z",
        "UpdatedAt": "2026-11-24T19:03:01Z",
        "Currency": "USD",
        "LocationID": "MAIN",
        "LineItems": lines,
        "Shipping": shipping,
        "Fees": fees,
        "Tenders": [{"Type": "Cash", "Amount": total - due}],
        "TotalAmount": total,
        "BalanceDue": due,
    }
    return dict(orjson.loads(orjson.dumps(order, default=float)))


@given(order=sales())
def test_whatever_a_store_sells_its_order_in_magento_adds_up_to_the_cent(order: dict[str, Any]) -> None:
    context = {"ref": "pos:ticket:17", "channel": CHANNEL}
    ticket = validate(Ticket, ENGINE.map_in("ticket", order, context), "the ticket")
    body = ENGINE.map_out("ticket", ticket.model_dump(mode="json"), context | {"buyer": {}})
    rows = sum((_amount(row, "row_total") - _amount(row, "discount_amount") for row in _rows(body)), ZERO)
    assert sum((_amount(row, "row_total") for row in _rows(body)), ZERO) == _amount(body, "subtotal")
    delivery = order["Shipping"]
    head = _amount(body, "subtotal") + _amount(body, "discount_amount") + _amount(body, "tax_amount")
    assert head + _amount(body, "shipping_amount") == _amount(body, "grand_total") == exact(order["TotalAmount"])
    assert _amount(body, "total_paid") + _amount(body, "total_due") == _amount(body, "grand_total")
    assert rows - exact(delivery.get("Discount")) == _amount(body, "subtotal") + _amount(body, "discount_amount")
    for name in ("subtotal", "tax_amount", "discount_amount", "grand_total", "total_paid", "total_due"):
        assert body[f"base_{name}"] == body[name]


@given(order=sales())
def test_the_sums_of_a_sale_are_those_that_it_is_made_of(order: dict[str, Any]) -> None:
    sums = pos_totals(order)
    parts = sums["lines"] - sums["discount"] + sums["tax"] + sums["shipping"] + sums["fees"]
    assert cents(parts) == cents(sums["total"])


@pytest.mark.parametrize(
    ("external_number", "expected"),
    [("pos:ticket:100017", True), ("till-2:ticket:a:b", True), ("100017", False), ("", False), (None, False)],
)
def test_an_order_shows_a_sale_in_store_by_its_external_number(external_number: str | None, expected: bool) -> None:
    assert is_ticket(external_number) is expected


@pytest.mark.parametrize("told", ["2026-11-24T19:03:01.250Z", "2026-11-24T14:03:01-05:00"])
def test_a_moment_is_stored_in_utc(told: str) -> None:
    assert web_time(told) == "2026-11-24 19:03:01"


def _rows(body: dict[str, Any]) -> list[dict[str, Any]]:
    return list(body["items"])


def _amount(node: dict[str, Any], name: str) -> Decimal:
    return exact(node[name])
