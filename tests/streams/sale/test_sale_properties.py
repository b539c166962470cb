"""Any order that Magento can charge becomes a sale that balances, and a document with the same total."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.canonical import Sale
from streams.engine import Engine, load, validate
from streams.sale.exact import cents, exact
from streams.sale.lines import line_amount
from tests.streams.sale.heartland_contract import check_order
from tests.streams.sale.magento_orders import Cart, carts, order_document

CONTEXT = {
    "ref": "web:order:42",
    "channel": {
        "name": "main",
        "prefix": "W-",
        "location": "MAIN",
        "sources": {"MAIN": "main"},
        "offline_methods": ["checkmo"],
    },
}
ENGINE = Engine(load())
FLOW = ENGINE.catalog.flows["order"]


def sale_of(document: dict[str, Any]) -> Sale:
    body = orjson.loads(orjson.dumps(document))
    return validate(Sale, ENGINE.map_in("order", body, CONTEXT), "order 000000042")


def charged_by_magento(document: dict[str, Any]) -> Decimal:
    extension = document["extension_attributes"]
    prepaid = ("base_gift_cards_amount", "base_customer_balance_amount", "base_reward_currency_amount")
    return cents(exact(document["base_grand_total"]) + sum(exact(extension.get(key)) for key in prepaid))


@pytest.mark.rule("money.base_currency")
@pytest.mark.rule("orders.total")
@pytest.mark.rule("orders.invariant")
@pytest.mark.rule("orders.bundle_counted_once")
@pytest.mark.rule("orders.bundle_spread")
@pytest.mark.rule("orders.grouped")
@pytest.mark.rule("orders.tax_inclusive_discount")
@pytest.mark.rule("orders.tax_rounding")
@settings(max_examples=300)
@given(carts())
def test_every_generated_order_balances_to_the_cent(cart: Cart) -> None:
    document = order_document(cart)
    sale = sale_of(document)
    totals = sale.totals
    lines = sum((line_amount(line.unit_price, line.quantity) for line in sale.lines), Decimal(0))
    discounts = sum((line.discount for line in sale.lines), sale.shipping.discount)
    tax = sum((line.tax for line in sale.lines), sale.shipping.tax) + sum(fee.tax for fee in sale.fees)
    fees = sum((fee.amount for fee in sale.fees), Decimal(0))
    assert cents(totals.total) == charged_by_magento(document)
    assert cents(lines - discounts + tax + sale.shipping.amount + fees) == cents(totals.total)
    assert (totals.lines, totals.discount, totals.tax) == (lines, discounts, tax)
    assert (totals.shipping, totals.fees) == (sale.shipping.amount, fees)
    tenders = sum((tender.amount for tender in sale.tenders), Decimal(0))
    assert cents(tenders + totals.due + totals.canceled) == cents(totals.total)
    assert all(line.discount >= 0 for line in sale.lines)


@pytest.mark.rule("orders.total")
@settings(max_examples=300)
@given(carts())
def test_every_document_for_the_point_of_sale_totals_what_magento_charges(cart: Cart) -> None:
    document = order_document(cart)
    sale = sale_of(document)
    if cart.cancel_rest and sale.totals.canceled:
        return  # the whole rest was canceled with its units still on the lines; such an order is not exported
    body = orjson.loads(orjson.dumps(ENGINE.map_out("order", sale.model_dump(mode="json"), CONTEXT)))
    check_order(body)
    canceled = cents(exact(document["base_total_canceled"]))
    assert exact(body["TotalAmount"]) == charged_by_magento(document) - canceled


@pytest.mark.rule("orders.total")
@pytest.mark.rule("orders.invariant")
@settings(max_examples=150)
@given(carts(), st.data())
def test_a_refund_changes_no_total_and_no_line_because_refunds_are_told_by_themselves(
    cart: Cart, data: st.DataObject
) -> None:
    kept = tuple(replace(line, canceled=False) for line in cart.lines)
    document = order_document(replace(cart, lines=kept, paid_share=100, cancel_rest=False))
    before = sale_of(document)
    for item in document["items"]:
        item["qty_refunded"] = data.draw(st.integers(0, item["qty_ordered"]))
    grand = exact(document["base_grand_total"])
    document["base_total_refunded"] = float(cents(grand * data.draw(st.integers(0, 100)) / 100))
    after = sale_of(document)
    assert (after.totals, after.tenders) == (before.totals, before.tenders)
    assert ENGINE.map_out("order", after.model_dump(mode="json"), CONTEXT) == ENGINE.map_out(
        "order", before.model_dump(mode="json"), CONTEXT
    )
    refunded = {str(item["item_id"]): item["qty_refunded"] for item in document["items"]}
    assert [line.refunded for line in after.lines] == [refunded[line.line_id] for line in after.lines]
