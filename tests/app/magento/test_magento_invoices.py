"""Invoicing and capturing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from streams.errors import OutcomeUnknown, Rejected
from streams.ports import InvoiceDraft
from tests.app.magento.magento_answers import OPAQUE, magento, refusal, rows

MARK = "[tillstream pos:shipment:7]"
DRAFT = InvoiceDraft("4", {"10": Decimal(1)}, True, MARK, f"Shipped {MARK}")
INVOICE: dict[str, Any] = {
    "entity_id": 2,
    "increment_id": "000000002",
    "order_id": 4,
    "state": 2,
    "base_grand_total": 10.83,
    "base_currency_code": "USD",
    "transaction_id": "txn-1",
    "items": [{"order_item_id": 10, "qty": 1}],
    "comments": [{"comment": f"Shipped {MARK}"}],
}
POST = "POST /V1/order/4/invoice"
DECLINED = refusal(OPAQUE.format("an invoice"))


async def test_an_invoice_says_its_rows_and_whether_it_captures_and_is_read_back() -> None:
    async with magento({POST: "2", "GET /V1/invoices/2": INVOICE}) as (web, asked):
        made = await web.invoices.invoice_order(DRAFT)
    comment = {"comment": f"Shipped {MARK}", "is_visible_on_front": 0}
    items = [{"order_item_id": 10, "qty": 1}]
    body = {"capture": True, "items": items, "notify": False, "appendComment": False, "comment": comment}
    assert asked.sent == [(POST, body)]
    assert (made.invoice_id, made.state, made.total, made.transaction) == ("2", "paid", Decimal("10.83"), "txn-1")


@pytest.mark.parametrize("changes", [{"units": {}}, {"comment": "no mark"}])
def test_an_invoice_that_leaves_something_to_magento_cannot_be_written_down(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the invoice of order 4"):
        replace(DRAFT, **changes)


@pytest.mark.rule("money.failed_capture")
async def test_a_capture_that_left_no_invoice_is_for_a_person_and_never_sent_again() -> None:
    async with magento({POST: DECLINED, "GET /V1/invoices": rows()}) as (web, asked):
        with pytest.raises(Rejected, match="Order 4 has no such invoice") as caught:
            await web.invoices.invoice_order(DRAFT)
    assert (caught.value.code, len(asked.sent)) == ("capture_failed", 1)


async def test_a_capture_that_was_refused_and_made_all_the_same_is_made() -> None:
    async with magento({POST: DECLINED, "GET /V1/invoices": rows(INVOICE)}) as (web, _):
        assert (await web.invoices.invoice_order(DRAFT)).invoice_id == "2"


@pytest.mark.parametrize(
    ("draft", "answers"),
    [
        (replace(DRAFT, capture=False), {POST: DECLINED}),
        (DRAFT, {POST: DECLINED, "GET /V1/invoices": refusal("", 500)}),
        (DRAFT, {POST: "2", "GET /V1/invoices/2": refusal("", 500)}),
    ],
)
async def test_what_proves_nothing_is_an_unknown_outcome(draft: InvoiceDraft, answers: dict[str, Any]) -> None:
    async with magento(answers) as (web, asked):
        with pytest.raises(OutcomeUnknown):
            await web.invoices.invoice_order(draft)
    assert len(asked.sent) == 1


async def test_an_invoice_is_found_by_its_mark() -> None:
    async with magento({"GET /V1/invoices": rows(INVOICE, INVOICE | {"entity_id": 3, "comments": []})}) as (web, _):
        found = await web.invoices.find_invoice("4", MARK)
        assert found is not None
        assert found.invoice_id == "2"
        assert await web.invoices.find_invoice("4", "[other]") is None
        assert [one.invoice_id for one in await web.invoices.invoices_of("4")] == ["2", "3"]


async def test_a_list_that_is_not_whole_is_read_again_and_never_taken_for_none() -> None:
    async with magento({"GET /V1/invoices": {"items": [], "total_count": 1}}) as (web, _):
        with pytest.raises(Exception, match="0 invoices of order 4 came where Magento counts 1") as caught:
            await web.invoices.find_invoice("4", MARK)
    assert getattr(caught.value, "code", "") == "partial_answer"


async def test_an_invoice_is_read_with_its_orders_head_and_what_was_paid_before() -> None:
    earlier = [INVOICE | {"entity_id": 1, "base_grand_total": 5}, INVOICE | {"entity_id": 3}]
    unpaid = INVOICE | {"entity_id": 0, "state": 3}
    answers = {
        "GET /V1/invoices/2": INVOICE,
        "GET /V1/orders/4": {"entity_id": 4, "increment_id": "000000004", "payment": {"method": "checkmo"}},
        "GET /V1/invoices": rows(unpaid, *earlier, INVOICE),
    }
    async with magento(answers) as (web, asked):
        content = await web.reader.read("invoice", "2")
    assert content is not None
    assert b'"base_grand_total":10.83' in content
    assert b'"increment_id":"000000004"' in content
    assert b'"paid_by_earlier_invoices":5' in content
    assert asked.sent == []
