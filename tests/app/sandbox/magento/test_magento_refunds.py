"""Credit memos: what a refund gives back, what it refuses, and what it makes of the order."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.sandbox.magento.creditmemo_document import Refund, book_creditmemo, build_creditmemo
from app.sandbox.magento.shop import Json, decimal
from tests.app.sandbox.magento.storefront import Answer, Storefront, open_shop

PROBLEM = "Creditmemo Document Validation Error(s):\n"


async def pay(shop: Storefront, *items: tuple[str, int], **more: Any) -> tuple[int, list[int]]:
    """An invoiced order: its id and the ids of its rows."""
    order_id = await shop.place(*items, **more)
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    return order_id, [row["item_id"] for row in (await shop.order(order_id))["items"]]


async def refund(shop: Storefront, order_id: int, *items: tuple[int, float], **arguments: object) -> Answer:
    """Refund those rows (item id, quantity) with arguments; shipping stays unless it is said."""
    rows = [{"order_item_id": item_id, "qty": quantity} for item_id, quantity in items]
    body = {"items": rows, "arguments": {"shipping_amount": 0, **arguments}}
    return await shop.call("POST", f"/order/{order_id}/refund", body)


async def memo_of(shop: Storefront, answer: Answer) -> dict[str, Any]:
    status, memo_id = answer
    assert (status, type(memo_id)) == (200, str), memo_id
    found: dict[str, Any] = await shop.get(f"/creditmemo/{memo_id}")
    return found


async def test_no_items_refund_everything_left_and_shipping_too(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    assert (await refund(shop, order_id, (item, 1)))[0] == 200
    rest = await memo_of(shop, await shop.call("POST", f"/order/{order_id}/refund", {}))
    assert [row["qty"] for row in rest["items"]] == [1]
    assert (rest["shipping_amount"], rest["grand_total"]) == (10, 20.82)


async def test_a_mistyped_top_level_key_refunds_everything_left(shop: Storefront) -> None:
    order_id, (item, _) = await pay(shop, ("S1", 2), ("S2", 1))
    body = {"itemz": [{"order_item_id": item, "qty": 1}]}
    memo = await memo_of(shop, await shop.call("POST", f"/order/{order_id}/refund", body))
    assert [(row["sku"], row["qty"]) for row in memo["items"]] == [("S1", 2), ("S2", 1)]
    assert (await shop.order(order_id))["state"] == "closed"


async def test_an_unknown_inner_key_is_refused(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 1))
    body = {"items": [{"order_item_id": item, "qtyy": 1}]}
    status, answer = await shop.call("POST", f"/order/{order_id}/refund", body)
    assert (status, answer["parameters"]) == (400, {"fieldName": "Qtyy"})


async def test_shipping_left_out_goes_back_with_the_items(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    body = {"items": [{"order_item_id": item, "qty": 1}]}
    memo = await memo_of(shop, await shop.call("POST", f"/order/{order_id}/refund", body))
    assert (memo["shipping_amount"], memo["grand_total"]) == (10, 20.83)


async def test_an_amount_alone_is_an_adjustment_with_quantities_of_zero(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    memo = await memo_of(shop, await refund(shop, order_id, (item, 0), adjustment_positive=3))
    assert (memo["items"], memo["grand_total"], memo["adjustment"]) == ([], 3, 3)
    assert (await shop.order(order_id))["items"][0]["qty_refunded"] == 0


async def test_a_fee_is_kept_by_a_negative_adjustment(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    memo = await memo_of(shop, await refund(shop, order_id, (item, 1), adjustment_negative=2))
    assert (memo["grand_total"], memo["adjustment"]) == (8.83, -2)


async def test_a_total_of_nothing_makes_an_empty_credit_memo(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    memo = await memo_of(shop, await refund(shop, order_id, (item, 0)))
    assert (memo["items"], memo["grand_total"]) == ([], 0)


async def test_more_than_is_left_of_a_row_is_refused_and_not_cut(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    message = 'We found an invalid quantity to refund item "%1".'
    assert await refund(shop, order_id, (item, 5)) == (400, {"message": message, "parameters": ["S1"]})
    assert (await refund(shop, order_id, (item, 1)))[0] == 200
    assert (await refund(shop, order_id, (item, 2)))[0] == 400


async def test_a_repeat_refunds_again_until_nothing_is_left(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    assert [(await refund(shop, order_id, (item, 1)))[0] for _ in range(3)] == [200, 200, 400]
    assert (await shop.find("/creditmemos", ("order_id", "eq", str(order_id))))["total_count"] == 2


async def test_an_order_that_is_not_invoiced_has_no_money_to_give_back(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    refused = await shop.call("POST", f"/order/{order_id}/refund", {})
    assert refused == (400, {"message": f"{PROBLEM}The most money available to refund is 0."})


async def test_no_more_money_goes_back_than_came_in(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    refused = await refund(shop, order_id, (item, 0), adjustment_positive=3000)
    assert refused == (400, {"message": f"{PROBLEM}The most money available to refund is 31.65."})


async def test_after_a_positive_adjustment_the_rest_asks_too_much(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    await refund(shop, order_id, (item, 0), adjustment_positive=1)
    assert (await shop.call("POST", f"/order/{order_id}/refund", {}))[0] == 400
    body = {"arguments": {"adjustment_negative": 1}}
    memo = await memo_of(shop, await shop.call("POST", f"/order/{order_id}/refund", body))
    assert memo["grand_total"] == 30.65
    assert (await shop.order(order_id))["state"] == "closed"


async def test_more_shipping_than_is_left_is_refused(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    status, body = await refund(shop, order_id, (item, 0), shipping_amount=10.01)
    assert (status, body["parameters"]) == (400, ["$10.00"])


async def test_a_configurable_is_refunded_by_its_parent_row(shop: Storefront) -> None:
    order_id, (parent, child) = await pay(shop, ("CAP", 1))
    refused = await refund(shop, order_id, (child, 1))
    assert refused == (400, {"message": f"{PROBLEM}The creditmemo contains incorrect product items."})
    memo = await memo_of(shop, await refund(shop, order_id, (parent, 1)))
    assert [(row["order_item_id"], row["qty"], row["price"]) for row in memo["items"]] == [
        (parent, 1, 25),
        (child, 1, 0),
    ]
    rows = (await shop.order(order_id))["items"]
    assert [row["qty_refunded"] for row in rows] == [1, 1]


async def test_a_row_of_another_order_is_refused(shop: Storefront) -> None:
    order_id, _ = await pay(shop, ("S1", 1))
    message = "The creditmemo contains product item that is not part of the original order."
    assert await refund(shop, order_id, (999, 1)) == (400, {"message": PROBLEM + message})


async def test_a_refund_writes_a_history_row(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    await refund(shop, order_id, (item, 1), adjustment_negative=2)
    row = (await shop.order(order_id))["status_histories"][0]
    assert row["comment"] == "We refunded $8.83 offline."
    assert (row["entity_name"], row["status"], row["is_customer_notified"]) == ("creditmemo", "processing", 0)


async def test_an_order_is_closed_when_everything_is_refunded(shop: Storefront) -> None:
    order_id, _ = await pay(shop, ("S1", 1))
    await shop.ship(order_id)
    await shop.do("POST", f"/order/{order_id}/refund", {})
    after = await shop.order(order_id)
    assert (after["state"], after["status"], after["total_refunded"]) == ("closed", "closed", 15.83)
    message = f"{PROBLEM}A creditmemo can not be created when an order has a status of closed"
    assert await shop.call("POST", f"/order/{order_id}/refund", {}) == (400, {"message": message})


async def test_everything_refunded_by_item_and_the_fee_kept_ends_complete(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 1))
    await refund(shop, order_id, (item, 1))
    assert (await shop.order(order_id))["state"] == "complete"


async def test_a_refund_keeps_a_status_of_the_merchants_own(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    await shop.ship(order_id)
    await shop.do("POST", "/orders", {"entity": {"entity_id": order_id, "status": "handed_over"}})
    await refund(shop, order_id, (item, 1))
    after = await shop.order(order_id)
    assert (after["state"], after["status"]) == ("complete", "handed_over")


@pytest.mark.parametrize("step", ["hold", "cancel"])
async def test_a_held_or_cancelled_order_is_not_refunded(shop: Storefront, step: str) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/orders/{order_id}/{step}")
    status, body = await shop.call("POST", f"/order/{order_id}/refund", {})
    assert (status, "can not be created when an order has a status of" in body["message"]) == (400, True)


async def test_an_invoice_of_an_offline_method_is_not_refunded_by_itself(shop: Storefront) -> None:
    await pay(shop, ("S1", 1))
    refused = await shop.call("POST", "/invoice/1/refund", {"isOnline": True})
    assert refused == (400, {"message": f"{PROBLEM}We can't create creditmemo for the invoice."})


async def test_a_refund_by_invoice_is_limited_to_that_invoice(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 3), method="sandbox_card_authorised")
    item = (await shop.order(order_id))["items"][0]["item_id"]
    path = f"/order/{order_id}/invoice"
    first = await shop.do("POST", path, {"capture": True, "items": [{"order_item_id": item, "qty": 1}]})
    await shop.do("POST", path, {"capture": True})
    memo = await memo_of(shop, await shop.call("POST", f"/invoice/{first}/refund", {}))
    assert ([row["qty"] for row in memo["items"]], memo["invoice_id"]) == ([1], int(first))
    refused = await shop.call("POST", f"/invoice/{first}/refund", {})
    assert refused == (400, {"message": f"{PROBLEM}We can't create creditmemo for the invoice."})


async def test_credit_memos_are_listed_by_when_they_changed(shop: Storefront) -> None:
    order_id, (item,) = await pay(shop, ("S1", 2))
    made = [(await refund(shop, order_id, (item, 1)))[1] for _ in range(2)]
    since = (await shop.get(f"/creditmemo/{made[0]}"))["updated_at"]
    found = await shop.find("/creditmemos", ("updated_at", "gteq", since))
    assert [memo["entity_id"] for memo in found["items"]] == [int(memo_id) for memo_id in made]
    assert (await shop.find("/creditmemos", ("updated_at", "gt", "2999-01-01 00:00:00")))["items"] == []


async def test_a_credit_memo_cannot_be_cancelled_afterwards(shop: Storefront) -> None:
    order_id, _ = await pay(shop, ("S1", 1))
    memo_id = await shop.do("POST", f"/order/{order_id}/refund", {})
    assert await shop.call("PUT", f"/creditmemo/{memo_id}") == (400, {"message": "You can not cancel Credit Memo"})
    assert (await shop.call("PUT", "/creditmemo/99"))[0] == 404
    assert (await shop.call("GET", "/creditmemo/99"))[0] == 404


async def test_a_gift_card_gets_its_share_back_before_any_money(tmp_path: Path) -> None:
    async with open_shop(tmp_path, edition="commerce") as shop:
        cart = await shop.fill_cart(("S1", 2))
        card = {"giftCardAccountData": {"giftCards": ["GIFT-001"]}}
        await shop.do("POST", f"/carts/guest-carts/{cart}/giftCards", card)
        body = {"paymentMethod": {"method": "free"}}
        order_id = int(await shop.do("PUT", f"/guest-carts/{cart}/order", body))
        memo = await memo_of(shop, await shop.call("POST", f"/order/{order_id}/refund", {}))
        assert (memo["grand_total"], memo["extension_attributes"]["gift_cards_amount"]) == (0, 31.65)
        order = await shop.order(order_id)
        assert (order["extension_attributes"]["gift_cards_refunded"], order["state"]) == (31.65, "closed")


def order_of(quantity: int, tax: int, discount: int) -> Json:
    """An order of one fully invoiced row; tax and discount in cents."""
    row = {
        "item_id": 1,
        "name": "S1",
        "sku": "S1",
        "product_id": 1,
        "price": 10,
        "price_incl_tax": 10.83,
        "tax_percent": 8.25,
        "qty_invoiced": quantity,
        "qty_refunded": 0,
        "tax_invoiced": tax / 100,
        "discount_invoiced": discount / 100,
    }
    return {"items": [row], "coupon_code": "TEN", "payment": {}, "shipping_amount": 0}


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(0, 500), st.integers(0, 500))
@example([1, 1, 1, 1], 2, 0)
def test_refunds_split_in_any_way_add_up_to_the_invoice(parts: list[int], tax: int, discount: int) -> None:
    order = order_of(sum(parts), tax, discount)
    total = Decimal(0)
    for units in parts:
        memo = build_creditmemo(order, Refund({1: Decimal(units)}, Decimal(0), None, None))
        assert decimal(memo["tax_amount"]) >= 0
        book_creditmemo(order, memo, online=False, now="2026-11-23 22:00:00")
        total += decimal(memo["grand_total"])
    assert total == sum(parts) * 10 + Decimal(tax - discount) / 100
    assert decimal(order["total_refunded"]) == total
