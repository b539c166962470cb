"""Whatever is doubled, dropped or altered of an order or of its statuses, the auditor says so."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from app.demo.deeds import CanceledOrder, Expect, PlacedOrder
from tests.app.demo.books_in_balance import ITEMS, ORDER, PLACED, Shops, verdicts


def test_a_dropped_order_is_lost(shops: Shops) -> None:
    shops.heartland("DELETE FROM orders")
    assert ("lost", "000000001") in verdicts(shops.audit())


def test_an_order_that_stands_twice_is_doubled(shops: Shops) -> None:
    shops.heartland("INSERT INTO orders SELECT 18, external_id, status, document FROM orders")
    assert ("doubled", "000000001") in verdicts(shops.audit())


@pytest.mark.parametrize(
    "change",
    [
        {"TotalAmount": 25.51},
        {"BalanceDue": 20.4},
        {"LineItems": [{"SKU": "A", "Quantity": 2, "Price": 10}]},
        {"LineItems": [{"SKU": "A", "Quantity": 3, "Price": 10}, {"SKU": "V", "Quantity": 1, "Price": 5.5}]},
        {"LineItems": [{"SKU": "B", "Quantity": 2, "Price": 10}, {"SKU": "V", "Quantity": 1, "Price": 5.5}]},
    ],
)
def test_an_altered_order_is_different(shops: Shops, change: dict[str, object]) -> None:
    shops.heartland(f"UPDATE orders SET document = '{json.dumps(ORDER | change)}'")
    assert ("different", "000000001") in verdicts(shops.audit())


def test_an_order_that_nobody_placed_is_told(shops: Shops) -> None:
    shops.heartland("INSERT INTO orders SELECT 18, 'W-000000009', status, document FROM orders")
    assert ("different", "W-000000009") in verdicts(shops.audit())


def test_an_order_that_must_not_be_exported_is_told(shops: Shops) -> None:
    withheld = PlacedOrder(PLACED.number, PLACED.total, PLACED.email, PLACED.lines, Expect.WITHHELD)
    shops.deeds.orders[PLACED.number] = withheld
    assert ("different", "000000001") in verdicts(shops.audit())


def test_an_order_that_was_mended_while_the_demo_ran_is_in_balance(shops: Shops) -> None:
    shops.deeds.orders[PLACED.number] = PlacedOrder(
        PLACED.number, PLACED.total, PLACED.email, (("WEB-ONLY", Decimal(1), Decimal(20)),), Expect.REVIEW
    )
    assert shops.audit().balanced
    shops.heartland("INSERT INTO orders SELECT 18, external_id, status, document FROM orders")
    assert ("doubled", "000000001") in verdicts(shops.audit())


def test_a_number_that_did_not_come_back_is_told(shops: Shops) -> None:
    shops.magento("UPDATE orders SET ext_order_id = NULL")
    assert ("different", "000000001") in verdicts(shops.audit())


def test_a_status_that_did_not_come_back_is_lost(shops: Shops) -> None:
    shops.magento("DELETE FROM order_comments")
    assert ("lost", "000000001") in verdicts(shops.audit())


def test_a_comment_that_stands_twice_is_doubled(shops: Shops) -> None:
    shops.magento("INSERT INTO order_comments(order_id, comment) SELECT order_id, comment FROM order_comments")
    assert ("doubled", "000000001") in verdicts(shops.audit())


def test_an_order_that_was_created_twice_is_doubled_though_one_of_them_is_gone(shops: Shops) -> None:
    shops.create(status=400)
    assert shops.audit().balanced
    shops.create()
    assert ("doubled", "000000001") in verdicts(shops.audit())


def test_sales_in_store_have_no_name_and_may_be_many(shops: Shops) -> None:
    for _ in range(3):
        shops.create(None)
    assert shops.audit().balanced


def test_a_status_that_was_told_twice_is_doubled_though_one_comment_is_gone(shops: Shops) -> None:
    shops.tell("Open", status=400)
    assert shops.audit().balanced
    shops.tell("Open")
    assert ("doubled", "000000001") in verdicts(shops.audit())


@pytest.mark.parametrize(
    ("had", "told", "fine"),
    [
        (("Fulfilled",), ("Fulfilled",), True),
        (("Fulfilled",), (), True),
        ((), ("Fulfilled",), False),
        (("Fulfilled", "Closed"), ("Closed",), True),
        (("Fulfilled", "Closed"), ("Closed", "Fulfilled"), False),
    ],
)
def test_statuses_are_told_in_the_order_in_which_they_came(
    shops: Shops, had: tuple[str, ...], told: tuple[str, ...], fine: bool
) -> None:
    for status in had:
        shops.becomes(status)
    for status in told:
        shops.tell(status)
    assert shops.audit().balanced is fine


def test_a_canceled_order_is_cancelled_or_was_never_created(shops: Shops) -> None:
    canceled = [{**row, "qty_canceled": row["qty_ordered"], "qty_invoiced": 0} for row in ITEMS["items"]]
    shops.magento(f"UPDATE orders SET document = '{json.dumps({**ITEMS, 'state': 'canceled', 'items': canceled})}'")
    shops.deeds.add(CanceledOrder(PLACED.number))
    assert ("different", PLACED.number) in verdicts(shops.audit())
    shops.heartland("UPDATE orders SET status = 'Cancelled'")
    shops.heartland("UPDATE inventory SET committed = '1' WHERE sku = 'A'")
    shops.heartland("UPDATE inventory SET committed = '1', on_hand = '50' WHERE sku = 'V'")
    shops.magento("UPDATE order_comments SET comment = 'Cancelled [tillstream pos:order:17 Cancelled]'")
    assert shops.audit().balanced, shops.audit()
    shops.heartland("DELETE FROM orders")
    assert shops.audit().balanced, shops.audit()
