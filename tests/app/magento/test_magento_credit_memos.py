"""Refunding."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from streams.errors import OutcomeUnknown, Rejected
from streams.ports import CreditMemoDraft
from tests.app.magento.magento_answers import OPAQUE, magento, refusal, rows

MARK = "[tillstream pos:refund:7]"
DRAFT = CreditMemoDraft("4", {"10": Decimal(1)}, Decimal(0), MARK, f"ret {MARK}", adjustment_negative=Decimal(2))
MEMO: dict[str, Any] = {
    "entity_id": 1,
    "increment_id": "000000001",
    "order_id": 4,
    "state": 2,
    "base_grand_total": 8.83,
    "base_adjustment": -2,
    "base_currency_code": "USD",
    "items": [{"order_item_id": 10, "qty": 1}],
    "comments": [{"comment": f"ret {MARK}"}],
}
POST = "POST /V1/order/4/refund"


@pytest.mark.rule("fulfilment.explicit_items")
async def test_a_refund_says_every_amount_and_row_and_is_read_back() -> None:
    draft = replace(DRAFT, return_to_stock=["10"])
    async with magento({POST: "1", "GET /V1/creditmemo/1": MEMO}) as (web, asked):
        made = await web.credit_memos.refund_offline(draft)
    body = {
        "items": [{"order_item_id": 10, "qty": 1}],
        "notify": False,
        "appendComment": False,
        "comment": {"comment": f"ret {MARK}", "is_visible_on_front": 0},
        "arguments": {
            "shipping_amount": 0,
            "adjustment_positive": 0,
            "adjustment_negative": 2,
            "extension_attributes": {"return_to_stock_items": [10]},
        },
    }
    assert asked.sent == [(POST, body)]
    assert (made.credit_memo_id, made.state, made.total, made.adjustment) == (
        "1",
        "refunded",
        Decimal("8.83"),
        Decimal(-2),
    )


async def test_an_amount_alone_names_rows_of_nothing() -> None:
    draft = replace(DRAFT, units={"10": Decimal(0)}, adjustment_positive=Decimal(3), adjustment_negative=Decimal(0))
    async with magento({POST: "3", "GET /V1/creditmemo/3": MEMO | {"items": []}}) as (web, asked):
        assert (await web.credit_memos.refund_offline(draft)).units == {}
    assert asked.sent[0][1]["items"] == [{"order_item_id": 10, "qty": 0}]


async def test_money_goes_back_through_the_gateway_of_an_invoice() -> None:
    async with magento({"POST /V1/invoice/2/refund": "1", "GET /V1/creditmemo/1": MEMO}) as (web, asked):
        await web.credit_memos.refund_online("2", DRAFT)
    assert asked.sent[0][1]["isOnline"] is True


@pytest.mark.parametrize(
    "changes",
    [
        {"units": {}},
        {"comment": "x"},
        {"return_to_stock": ["11"]},
        {"units": {"10": Decimal(0)}, "return_to_stock": ["10"]},
    ],
)
def test_a_refund_that_leaves_something_to_magento_cannot_be_written_down(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="the credit memo of order 4"):
        replace(DRAFT, **changes)


async def test_a_refusal_after_which_there_is_a_credit_memo_is_not_believed() -> None:
    failed = refusal("The source item could not be returned to stock.")
    async with magento({POST: failed, "GET /V1/creditmemos": rows(MEMO)}) as (web, asked):
        assert (await web.credit_memos.refund_offline(DRAFT)).credit_memo_id == "1"
    assert len(asked.sent) == 1


async def test_a_refusal_that_left_nothing_is_told_as_it_is() -> None:
    refused = refusal("The most money available to refund is 0.")
    async with magento({POST: refused, "GET /V1/creditmemos": rows()}) as (web, _):
        with pytest.raises(Rejected, match="The most money available to refund is 0"):
            await web.credit_memos.refund_offline(DRAFT)


@pytest.mark.parametrize(
    "answers",
    [
        {POST: refusal(OPAQUE.format("a Creditmemo"))},
        {POST: refusal("no"), "GET /V1/creditmemos": refusal("", 500)},
        {POST: "1", "GET /V1/creditmemo/1": refusal("", 500)},
    ],
)
async def test_what_proves_nothing_is_an_unknown_outcome(answers: dict[str, Any]) -> None:
    async with magento(answers) as (web, asked):
        with pytest.raises(OutcomeUnknown):
            await web.credit_memos.refund_offline(DRAFT)
    assert len(asked.sent) == 1


async def test_a_credit_memo_is_found_by_its_mark_and_read_with_its_orders_head() -> None:
    answers = {
        "GET /V1/creditmemos": rows(MEMO),
        "GET /V1/creditmemo/1": MEMO,
        "GET /V1/orders/4": {"increment_id": "000000004"},
    }
    async with magento(answers) as (web, _):
        found = await web.credit_memos.find_credit_memo("4", MARK)
        assert found is not None
        assert found.credit_memo_id == "1"
        assert await web.credit_memos.find_credit_memo("4", "[other]") is None
        assert [one.number for one in await web.credit_memos.credit_memos_of("4")] == ["000000001"]
        content = await web.reader.read("credit_memo", "1")
    assert content is not None
    assert b'"order":{"increment_id":"000000004"}' in content
