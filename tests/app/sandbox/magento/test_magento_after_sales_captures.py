"""Credit memos, refunded orders, customers and tracks beside those of a running Magento 2.4.7."""

from __future__ import annotations

from typing import Any

import orjson

from tests.app.sandbox.magento.storefront import Storefront
from tests.app.sandbox.magento.test_magento_after_shipping import UPS, fetch_at, shipped
from tests.app.sandbox.magento.test_magento_captures import DATA, THREAD, shape, without_repeats
from tests.app.sandbox.magento.test_magento_customers import ANN, HOME, HOME_BY_DEFAULT

CAPTURES: dict[str, dict[str, Any]] = orjson.loads((DATA / "magento_after_sales.json").read_bytes())


def assert_like(capture: str, document: dict[str, Any]) -> None:
    expected = CAPTURES[capture]
    assert shape(document) == expected["shape"]
    assert {name: document[name] for name in expected["head"]} == expected["head"]
    if expected["rows"]:
        for row, captured in zip(document["items"], expected["rows"], strict=True):
            assert {name: row[name] for name in captured} == captured


async def test_the_four_credit_memos_of_the_captured_order(shop: Storefront) -> None:
    order_id = await shop.place(*THREAD)
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    rows = [row["item_id"] for row in (await shop.order(order_id))["items"]]
    await shop.ship(order_id)

    async def refund(body: dict[str, object]) -> dict[str, Any]:
        memo_id = await shop.do("POST", f"/order/{order_id}/refund", body)
        found: dict[str, Any] = await shop.get(f"/creditmemo/{memo_id}")
        return found

    one = {"items": [{"order_item_id": rows[0], "qty": 1}]}
    fee = {"shipping_amount": 0, "adjustment_positive": 0, "adjustment_negative": 2}
    comment = {"comment": "ret [k5]", "is_visible_on_front": 0}
    assert_like("creditmemo_fee", await refund(one | {"comment": comment, "arguments": fee}))
    await refund(one | {"arguments": {"shipping_amount": 0}})
    nothing = {"items": [{"order_item_id": rows[0], "qty": 0}]}
    positive = {"shipping_amount": 0, "adjustment_positive": 3}
    assert_like("creditmemo_adjustment", await refund(nothing | {"arguments": positive}))
    assert_order_like("order_refunded", await shop.order(order_id))
    assert_like("creditmemo_rest", await refund({"arguments": {"adjustment_negative": 1}}))
    assert_order_like("order_closed", await shop.order(order_id))


def assert_order_like(capture: str, order: dict[str, Any]) -> None:
    """As captured; its history holds the refunds alone."""
    document = without_repeats(order)
    assert [row["comment"] for row in document["status_histories"]] == CAPTURES[capture]["histories"]
    assert_like(capture, document)


async def test_a_credit_memo_of_a_discounted_row(shop: Storefront) -> None:
    order_id = await shop.place(("S2", 1), ("S3", 3), coupon="TEN")
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    item = (await shop.order(order_id))["items"][1]["item_id"]
    body = {"items": [{"order_item_id": item, "qty": 1}], "arguments": {"shipping_amount": 0}}
    memo_id = await shop.do("POST", f"/order/{order_id}/refund", body)
    assert_like("creditmemo_discount", await shop.get(f"/creditmemo/{memo_id}"))


async def test_a_pickup_order(shop: Storefront) -> None:
    assert_like("order_pickup", without_repeats(await shop.order(int(str(await fetch_at(shop, "store2"))))))


async def test_a_customer_with_one_address_and_with_two(shop: Storefront) -> None:
    made = await shop.do("POST", "/customers", {"customer": ANN | {"addresses": [HOME_BY_DEFAULT]}})
    assert shape(made) == CAPTURES["customer"]["shape"]
    addresses = [{"id": made["addresses"][0]["id"]}, HOME | {"city": "Waco"}]
    changed = await shop.do("PUT", f"/customers/{made['id']}", {"customer": {"addresses": addresses}})
    assert shape(changed) == CAPTURES["customer_two_addresses"]["shape"]


async def test_a_search_for_a_customer(shop: Storefront) -> None:
    await shop.do("POST", "/customers", {"customer": ANN})
    filters = ("email", "eq", "ANN@example.com"), ("website_id", "eq", "1")
    found = await shop.find("/customers/search", *filters, **{"searchCriteria[pageSize]": "5"})
    assert shape(found) == CAPTURES["customer_search"]["shape"]


async def test_a_later_track(shop: Storefront) -> None:
    order_id, shipment_id = await shipped(shop)
    entity = UPS | {"order_id": order_id, "parent_id": shipment_id, "weight": 1, "qty": 1, "description": "x"}
    assert shape(await shop.do("POST", "/shipment/track", {"entity": entity})) == CAPTURES["track"]["shape"]
