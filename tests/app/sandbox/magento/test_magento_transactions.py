"""Card payments: reserved, taken, given back, let go of, and declined."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.app.sandbox.magento.storefront import Storefront, open_shop

CAPTURE = {"capture": True}


async def chain(shop: Storefront, order_id: int) -> list[tuple[str, str, str | None, int]]:
    """Type, gateway's id, parent's id and whether closed of an order's transactions, oldest first."""
    found = await shop.find(
        "/transactions",
        ("order_id", "eq", str(order_id)),
        **{"searchCriteria[sortOrders][0][field]": "transaction_id", "searchCriteria[sortOrders][0][direction]": "ASC"},
    )
    return [(row["txn_type"], row["txn_id"], row["parent_txn_id"], row["is_closed"]) for row in found["items"]]


async def authorised(shop: Storefront, quantity: int = 1) -> tuple[int, int]:
    """An authorised order of S1: its id and its row's."""
    order_id = await shop.place(("S1", quantity), method="sandbox_card_authorised")
    return order_id, (await shop.order(order_id))["items"][0]["item_id"]


async def test_offline_methods_leave_no_transactions(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/order/{order_id}/invoice", CAPTURE)
    assert (await shop.find("/transactions"))["items"] == []
    assert "transaction_id" not in await shop.get("/invoices/1")
    assert (await shop.order(order_id))["total_paid"] == 15.83


async def test_a_card_that_is_charged_at_once_has_a_capture(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1), method="sandbox_card")
    assert await chain(shop, order_id) == [("capture", "sandbox-1", None, 0)]


async def test_an_authorised_order_is_in_processing_and_not_paid(shop: Storefront) -> None:
    order_id, _ = await authorised(shop)
    order = await shop.order(order_id)
    assert (order["state"], order["status"], order["total_due"]) == ("processing", "processing", 15.83)
    assert (order["payment"]["amount_authorized"], order["payment"].get("amount_paid")) == (15.83, None)
    assert (await shop.find("/invoices"))["total_count"] == 0
    assert await chain(shop, order_id) == [("authorization", "sandbox-1", None, 0)]


async def test_an_invoice_with_capture_takes_the_money(shop: Storefront) -> None:
    order_id, _ = await authorised(shop)
    invoice_id = await shop.do("POST", f"/order/{order_id}/invoice", CAPTURE)
    assert await chain(shop, order_id) == [
        ("authorization", "sandbox-1", None, 1),
        ("capture", "sandbox-1-capture", "sandbox-1", 0),
    ]
    assert (await shop.get(f"/invoices/{invoice_id}"))["transaction_id"] == "sandbox-1-capture"
    payment = (await shop.order(order_id))["payment"]
    assert (payment["last_trans_id"], payment["base_amount_paid_online"]) == ("sandbox-1-capture", 15.83)


async def test_a_part_capture_leaves_the_authorisation_open(shop: Storefront) -> None:
    order_id, item = await authorised(shop, 2)
    one = {"capture": True, "items": [{"order_item_id": item, "qty": 1}]}
    await shop.do("POST", f"/order/{order_id}/invoice", one)
    assert (await chain(shop, order_id))[0][3] == 0
    await shop.do("POST", f"/order/{order_id}/invoice", CAPTURE)
    assert [row[1] for row in await chain(shop, order_id)] == [
        "sandbox-1",
        "sandbox-1-capture",
        "sandbox-1-capture-2",
    ]
    assert (await chain(shop, order_id))[0][3] == 1


async def test_an_invoice_without_capture_is_paid_and_asks_no_gateway(shop: Storefront) -> None:
    order_id, _ = await authorised(shop)
    await shop.do("POST", f"/order/{order_id}/invoice", {"capture": False})
    assert (await shop.order(order_id))["total_paid"] == 15.83
    assert [row[0] for row in await chain(shop, order_id)] == ["authorization"]


async def test_a_declined_capture_hides_its_reason_and_does_nothing(shop: Storefront) -> None:
    order_id, _ = await authorised(shop)
    before = await shop.order(order_id)
    await shop.switch(card_declines=True)
    refused = await shop.call("POST", f"/order/{order_id}/invoice", CAPTURE)
    assert refused == (400, {"message": "Could not save an invoice, see error log for details"})
    assert await shop.order(order_id) == before
    assert (await shop.find("/invoices"))["total_count"] == 0
    await shop.switch(card_declines=False)
    assert (await shop.call("POST", f"/order/{order_id}/invoice", CAPTURE))[0] == 200


async def test_an_online_refund_goes_through_the_gateway(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1), method="sandbox_card")
    memo_id = await shop.do("POST", "/invoice/1/refund", {"isOnline": True})
    assert (await shop.get(f"/creditmemo/{memo_id}"))["transaction_id"] == "sandbox-1-refund"
    assert (await chain(shop, order_id))[1] == ("refund", "sandbox-1-refund", "sandbox-1", 1)
    order = await shop.order(order_id)
    assert (order["total_online_refunded"], order.get("total_offline_refunded")) == (15.83, None)
    comment = order["status_histories"][0]["comment"]
    assert comment == 'We refunded $15.83 online. Transaction ID: "sandbox-1-refund"'


async def test_an_offline_refund_of_a_card_order_asks_no_gateway(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1), method="sandbox_card")
    await shop.do("POST", f"/order/{order_id}/refund", {})
    assert [row[0] for row in await chain(shop, order_id)] == ["capture"]
    assert (await shop.order(order_id))["total_offline_refunded"] == 15.83


async def test_a_declined_refund_hides_its_reason_and_does_nothing(shop: Storefront) -> None:
    await shop.place(("S1", 1), method="sandbox_card")
    await shop.switch(card_declines=True)
    refused = await shop.call("POST", "/invoice/1/refund", {"isOnline": True})
    assert refused == (400, {"message": "Could not save a Creditmemo, see error log for details"})
    assert (await shop.find("/creditmemos"))["total_count"] == 0


async def test_cancelling_an_authorised_order_lets_go_of_the_money(shop: Storefront) -> None:
    order_id, _ = await authorised(shop)
    await shop.do("POST", f"/orders/{order_id}/cancel")
    assert await chain(shop, order_id) == [
        ("authorization", "sandbox-1", None, 1),
        ("void", "sandbox-1-void", "sandbox-1", 1),
    ]


async def test_transactions_are_listed_by_when_they_were_made_and_by_no_change(tmp_path: Path) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    async with open_shop(tmp_path, clock=lambda: noon) as shop:
        await shop.place(("S1", 1), method="sandbox_card")
        found = await shop.find("/transactions", ("created_at", "gteq", "2026-11-23 12:00:00"))
        assert found["total_count"] == 1
        assert (await shop.find("/transactions", ("created_at", "gt", "2026-11-23 12:00:00")))["items"] == []
        query = "searchCriteria[filter_groups][0][filters][0][field]=updated_at"
        assert (await shop.call("GET", f"/transactions?{query}"))[0] == 500


async def test_a_transaction_shows_those_about_it(shop: Storefront) -> None:
    order_id, _ = await authorised(shop)
    await shop.do("POST", f"/order/{order_id}/invoice", CAPTURE)
    shown: dict[str, Any] = await shop.get("/transactions/1")
    assert ("parent_id" in shown, shown["parent_txn_id"], shown["order_id"]) == (False, None, order_id)
    assert [child["txn_type"] for child in shown["child_transactions"]] == ["capture"]
    assert shown["child_transactions"][0]["parent_id"] == 1
    assert (await shop.call("GET", "/transactions/99"))[0] == 404
