"""A bundle's one price: spread over its components to the cent, and given back as whole bundles."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected
from streams.ports.web_orders import WebOrder, WebOrderLine
from streams.sale.exact import CENT
from streams.sale.fixed_bundle import by_bundle, fixed_bundles, left_to_invoice, shares_of, spread
from streams.sale.web_refund import web_refund_lines

D = Decimal
ZERO = D(0)

MONEY = st.decimals(0, 99_999, places=4)
PIECES = st.lists(st.decimals(D("0.5"), 900, places=1), min_size=1, max_size=9)


@pytest.mark.rule("orders.bundle_spread")
@given(MONEY, PIECES)
def test_the_shares_of_an_amount_make_it_again_and_each_is_right_to_the_cent(
    amount: Decimal, weights: list[Decimal]
) -> None:
    shares = spread(amount, weights)
    in_cents = amount.quantize(CENT, ROUND_DOWN)
    assert sum(shares) == amount
    shares[-1] -= amount - in_cents
    for share, weight in zip(shares, weights, strict=True):
        assert share >= 0
        assert abs(share - in_cents * weight / sum(weights)) <= CENT
        assert share == share.quantize(CENT)


@pytest.mark.rule("orders.bundle_spread")
@given(MONEY, MONEY, st.lists(MONEY, max_size=3), PIECES)
def test_price_discount_and_tax_are_spread_alike_and_no_discount_exceeds_its_price(
    net: Decimal, discount: Decimal, rates: list[Decimal], pieces: list[Decimal]
) -> None:
    taxes = [{"code": str(place), "percent": D(5), "amount": amount} for place, amount in enumerate(rates)]
    tax = sum(rates, ZERO)
    shares = shares_of(pieces, gross=net + discount, discount=discount, tax=tax, taxes=taxes)
    assert sum(share.gross for share in shares) == net + discount
    assert sum(share.discount for share in shares) == discount
    assert sum(share.tax for share in shares) == tax
    for share in shares:
        assert 0 <= share.discount <= share.gross
        assert sum((part["amount"] for part in share.taxes), ZERO) == (share.tax if rates else ZERO)


def test_a_tax_that_its_rates_do_not_make_is_spread_by_itself() -> None:
    taxes = [{"code": "A", "percent": D(5), "amount": D(3)}]
    shares = shares_of([D(1), D(1)], gross=D(10), discount=ZERO, tax=D("3.01"), taxes=taxes)
    assert [share.tax for share in shares] == [D("1.51"), D("1.50")]


# -- Given back in the web store: its memo has the amounts on the bundle's row, or on the components' ------------


def memo(*rows: tuple[int, str, int, float | None, float]) -> dict[str, Any]:
    """A credit memo over rows of an order that has a dynamic bundle (3: 4, 5) and a fixed one (6: 7, 8)."""
    items = [(3, None, "bundle"), (4, 3, "simple"), (5, 3, "simple"), (6, None, "bundle"), (7, 6, ""), (8, 6, "")]
    return {
        "increment_id": "000000005",
        "items": [
            {
                "order_item_id": row,
                "sku": sku,
                "qty": qty,
                "base_row_total": total,
                "base_tax_amount": tax,
                "base_discount_amount": None,
            }
            for row, sku, qty, total, tax in rows
        ],
        "order": {
            "increment_id": "000000002",
            "items": [
                {"item_id": item, "parent_item_id": parent, "product_type": kind} for item, parent, kind in items
            ],
        },
    }


def told(lines: list[dict[str, Any]]) -> list[tuple[str, str, Decimal, Decimal, Decimal]]:
    return [(line["line_id"], line["sku"], line["quantity"], line["amount"], line["tax"]) for line in lines]


@pytest.mark.rule("orders.bundle_dynamic_refund")
def test_a_dynamic_bundle_comes_back_by_its_children_as_magento_gave_them_back() -> None:
    given_back = memo((3, "BUN", 1, None, 0), (4, "B1", 1, 10, 0.83))
    assert told(web_refund_lines(given_back)) == [("4", "B1", D(1), D(10), D("0.83"))]


@pytest.mark.rule("orders.bundle_fixed_refund")
def test_what_a_fixed_bundle_gives_back_on_its_own_row_is_spread_over_its_components() -> None:
    given_back = memo((6, "BUNF", 1, 67, 5.53), (7, "S1", 1, None, 0), (8, "S2", 1, None, 0))
    assert told(web_refund_lines(given_back)) == [
        ("7", "S1", D(1), D("33.5"), D("2.77")),
        ("8", "S2", D(1), D("33.5"), D("2.76")),
    ]


# -- Given back in store: components come over the counter -------------------------------------------------------


def row(item: str, sku: str, ordered: int, price: int, parent: str = "", kind: str = "simple") -> WebOrderLine:
    return WebOrderLine(item, parent, kind, sku, False, D(ordered), D(ordered), ZERO, ZERO, ZERO, price=D(price))


DYNAMIC = [row("3", "BUN", 2, 40, kind="bundle"), row("4", "B1", 4, 10, "3"), row("5", "B2", 2, 20, "3")]
FIXED = [row("6", "BUNF", 2, 67, kind="bundle"), row("7", "S1", 2, 0, "6"), row("8", "S2", 4, 0, "6")]


def refunded(**units: int) -> dict[str, Decimal]:
    pieces = {item.removeprefix("row_"): D(number) for item, number in units.items()}
    return by_bundle(fixed_bundles([*DYNAMIC, *FIXED]), pieces, what="refund R1 of order 000000002", advice="Do it")


@pytest.mark.rule("orders.bundle_dynamic_refund")
def test_the_children_of_a_dynamic_bundle_are_refunded_themselves() -> None:
    assert refunded(row_4=3) == {"4": D(3)}


@pytest.mark.rule("orders.bundle_fixed_refund")
def test_the_components_of_a_fixed_bundle_are_refunded_as_whole_bundles() -> None:
    assert refunded(row_4=1, row_7=1, row_8=2) == {"4": D(1), "6": D(1)}


@pytest.mark.rule("orders.bundle_fixed_refund")
@pytest.mark.parametrize("units", [{"row_7": 1}, {"row_7": 1, "row_8": 4}, {"row_8": 1, "row_7": 0}])
def test_a_part_of_a_fixed_bundle_is_for_a_person(units: dict[str, int]) -> None:
    with pytest.raises(Rejected, match=r"refund R1 of order 000000002 is about a part of bundle 'BUNF'.*Do it\."):
        refunded(**units)


# -- Paid in store: whole orders are invoiced --------------------------------------------------------------------


@pytest.mark.rule("orders.bundle_fixed")
@pytest.mark.parametrize(("invoiced", "left"), [(0, {"4": 4, "5": 2, "6": 2}), (1, {"4": 4, "5": 2, "6": 1})])
def test_a_fixed_bundle_is_invoiced_by_its_own_row_and_a_dynamic_one_by_its_children(
    invoiced: int, left: dict[str, int]
) -> None:
    lines = [replace(line, invoiced=D(invoiced) if line.item_id == "6" else ZERO) for line in [*DYNAMIC, *FIXED]]
    order = WebOrder("2", "000000002", "new", "pending", "checkmo", ZERO, D(100), "", tuple(lines))
    assert left_to_invoice(order) == left
