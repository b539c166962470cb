"""Money, parcels and refunds that only one system knows, or knows twice, are told by the auditor."""

from __future__ import annotations

import json

import pytest

from app.demo.audit.findings import Entity
from tests.app.demo.books_in_balance import ENTRY, MEMO, ORDER, PAYMENT, SHIPMENT, TENDERS, Paid, shops_entities


def test_an_order_that_went_all_the_way_is_in_balance(paid: Paid) -> None:
    assert paid.wrong() == set(), shops_entities(paid.shops)
    compared = {entity: found.compared for entity, found in paid.shops.audit().entities.items()}
    assert {compared[entity] for entity in (Entity.PAYMENTS, Entity.SHIPMENTS, Entity.REFUNDS)} == {1}


def test_money_that_is_not_a_tender_is_lost(paid: Paid) -> None:
    paid.pos["Tenders"] = ORDER["Tenders"]
    paid.keep()
    assert (Entity.PAYMENTS, "lost") in paid.wrong()


def test_a_tender_of_another_kind_is_different(paid: Paid) -> None:
    paid.pos["Tenders"] = [*TENDERS[:1], {"Type": "Card", "Amount": 20.5}]
    paid.keep()
    assert (Entity.PAYMENTS, "different") in paid.wrong()


@pytest.mark.parametrize(
    ("payment", "verdict"),
    [
        (PAYMENT, "doubled"),
        ({**PAYMENT, "ExternalID": "W-000000001-inv-8"}, "different"),
        ({**PAYMENT, "Amount": 20}, "different"),
    ],
)
def test_a_payment_that_is_there_twice_or_of_no_invoice_is_told(
    paid: Paid, payment: dict[str, object], verdict: str
) -> None:
    paid.shops.heartland(f"INSERT INTO payments VALUES ('17', '{json.dumps(payment)}')")
    assert (Entity.PAYMENTS, verdict) in paid.wrong()


def test_goods_that_left_on_one_side_only_are_lost(paid: Paid) -> None:
    paid.papers("shipments")
    assert (Entity.SHIPMENTS, "lost") in paid.wrong()


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"tracks": []}, "lost"),
        ({"tracks": SHIPMENT["tracks"] * 2}, "doubled"),  # type: ignore[operator]
        ({"items": [{"sku": "A", "qty": 1}]}, "different"),
        ({"extension_attributes": {"source_code": "default"}}, "different"),
    ],
)
def test_a_shipment_that_says_something_else_is_told(paid: Paid, change: dict[str, object], verdict: str) -> None:
    paid.papers("shipments", {**SHIPMENT, **change})
    assert (Entity.SHIPMENTS, verdict) in paid.wrong()


@pytest.mark.parametrize(
    ("memos", "verdict"),
    [([], "different"), ([MEMO, MEMO], "doubled"), ([MEMO, {**MEMO, "base_grand_total": 3}], "lost")],
)
def test_a_refund_that_one_side_does_not_have_is_told(paid: Paid, memos: list[object], verdict: str) -> None:
    paid.papers("creditmemos", *memos)
    assert (Entity.REFUNDS, verdict) in paid.wrong()


def test_more_money_back_than_was_paid_is_doubled(paid: Paid) -> None:
    paid.pos["Refunds"] = [{**ENTRY, "Amount": 99}]
    paid.papers("creditmemos", {**MEMO, "base_grand_total": 99})
    paid.keep()
    assert (Entity.REFUNDS, "doubled") in paid.wrong()
