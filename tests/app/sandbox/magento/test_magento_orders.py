"""Orders after they were placed: columns, comments, hold, cancel, invoice, ship, and when updated_at moves."""

from __future__ import annotations

import pytest

from tests.app.sandbox.magento.storefront import Storefront, Watch


async def moved(shop: Storefront, watch: Watch, order_id: int, method: str, path: str, body: object = None) -> bool:
    """Whether updated_at moves when this is done to the order."""
    before = (await shop.order(order_id))["updated_at"]
    watch.tick()
    await shop.do(method, path, body)
    return bool((await shop.order(order_id))["updated_at"] != before)


async def test_what_moves_updated_at(timed: Storefront, watch: Watch) -> None:
    order = await timed.place(("S1", 2), ("S2", 1))
    items = (await timed.order(order))["items"]
    one = {"items": [{"order_item_id": items[0]["item_id"], "qty": 1}]}
    source = {"arguments": {"extension_attributes": {"source_code": "main"}}}
    row = {"item_id": items[0]["item_id"], "order_id": order, "ext_order_item_id": "L1"}

    async def moves(path: str, body: object = None) -> bool:
        return await moved(timed, watch, order, "POST", path, body)

    assert not await moves(f"/orders/{order}/comments", {"statusHistory": {"comment": "x"}})
    assert await moves("/orders", {"entity": {"entity_id": order, "ext_order_id": "H-1"}})
    assert not await moves("/orders", {"entity": {"entity_id": order, "ext_order_id": "H-1"}})
    assert not await moves("/orders", {"entity": {"entity_id": order, "items": [row]}})
    assert await moves(f"/orders/{order}/hold")
    assert await moves(f"/orders/{order}/unhold")
    assert await moves(f"/order/{order}/ship", one | source)
    assert not await moves(f"/order/{order}/ship", one | source)
    assert await moves(f"/order/{order}/invoice", one)
    assert await moves(f"/order/{order}/invoice", {})
    assert await moves(f"/order/{order}/ship", source)
    assert (await timed.order(order))["state"] == "complete"
    assert (await timed.order(order))["items"][0]["ext_order_item_id"] == "L1"


async def test_a_save_writes_the_sent_columns_only(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    before = await shop.order(order_id)
    answer = await shop.do("POST", "/orders", {"entity": {"entity_id": order_id, "extOrderId": "H-100"}})
    assert (answer["entity_id"], answer["grand_total"], answer["total_due"]) == (order_id, None, 0)
    after = await shop.order(order_id)
    assert after == before | {"ext_order_id": "H-100", "updated_at": after["updated_at"]}


async def test_a_save_stores_any_state_that_is_sent(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", "/orders", {"entity": {"entity_id": order_id, "status": "invented", "state": "complete"}})
    after = await shop.order(order_id)
    assert (after["state"], after["status"]) == ("complete", "invented")


async def test_an_inserted_order_is_unique_by_number_and_store(shop: Storefront) -> None:
    entity = {"increment_id": "POS-1", "store_id": 1, "grand_total": 5, "payment": {"method": "checkmo"}}
    made = await shop.do("POST", "/orders", {"entity": entity})
    assert (await shop.order(made["entity_id"]))["increment_id"] == "POS-1"
    refused = await shop.call("POST", "/orders", {"entity": entity})
    assert refused == (400, {"message": "Unique constraint violation found"})
    assert (await shop.call("POST", "/orders", {"entity": entity | {"store_id": 2}}))[0] == 200
    refused = await shop.call("POST", "/orders", {"entity": {"increment_id": "POS-2"}})
    assert refused == (400, {"message": "Please provide payment for the order."})


BILLED = {
    "address_type": "billing",
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["1 Oak St"],
    "city": "Austin",
    "postcode": "78701",
    "country_id": "US",
    "telephone": "512-555-0100",
    "email": "a@example.com",
}


async def test_the_address_of_an_inserted_order_must_be_whole(shop: Storefront) -> None:
    entity = {"increment_id": "POS-1", "payment": {"method": "free"}, "billing_address": BILLED}
    made = await shop.do("POST", "/orders", {"entity": entity})
    stored = (await shop.order(made["entity_id"]))["billing_address"]
    assert (stored["parent_id"], stored["email"]) == (made["entity_id"], "a@example.com")
    lacking = entity | {"increment_id": "POS-2", "billing_address": {**BILLED, "email": "", "city": ""}}
    refused = await shop.call("POST", "/orders", {"entity": lacking})
    warnings = '"City" is required. Enter and try again.\n"Email" is required. Enter and try again.'
    assert refused == (400, {"message": "We can't save the address:\n%1", "parameters": [warnings]})


async def test_an_order_that_was_saved_as_over_can_be_refunded_and_nothing_else(shop: Storefront) -> None:
    row = {"sku": "S1", "name": "S1", "price": 5} | dict.fromkeys(("qty_ordered", "qty_invoiced", "qty_shipped"), 2)
    entity = {"increment_id": "POS-1", "state": "complete", "status": "complete", "items": [row], "total_paid": 10}
    entity |= {"base_total_paid": 10, "grand_total": 10, "shipping_amount": 0, "payment": {"method": "free"}}
    entity |= {"billing_address": BILLED}
    order_id = (await shop.do("POST", "/orders", {"entity": entity}))["entity_id"]
    assert (await shop.on_hand("S1"), await shop.salable("S1")) == (100, 100)
    assert await shop.do("POST", f"/orders/{order_id}/cancel", {}) is False
    assert (await shop.call("POST", f"/order/{order_id}/ship", {}))[0] == 400
    assert (await shop.call("POST", f"/order/{order_id}/invoice", {}))[0] == 400
    item = (await shop.order(order_id))["items"][0]["item_id"]
    memo = await shop.do("POST", f"/order/{order_id}/refund", {"items": [{"order_item_id": item, "qty": 1}]})
    assert (await shop.get(f"/creditmemo/{memo}"))["grand_total"] == 5


async def test_a_comment_takes_the_current_status_or_none(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    wrong = {"statusHistory": {"comment": "c", "status": "canceled"}}
    message = 'Unable to add comment: The status "%1" is not part of the order\n                 status history.'
    refused = await shop.call("POST", f"/orders/{order_id}/comments", wrong)
    assert refused == (400, {"message": message, "parameters": ["canceled"]})
    await shop.do("POST", f"/orders/{order_id}/comments", {"statusHistory": {"comment": "c", "status": None}})
    assert (await shop.get(f"/orders/{order_id}/comments"))["items"][0]["status"] == "pending"
    assert (await shop.order(order_id))["status"] == "pending"


async def test_the_same_comment_twice_is_two_comments(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    for _ in range(2):
        await shop.do("POST", f"/orders/{order_id}/comments", {"statusHistory": {"comment": "c"}})
    assert (await shop.get(f"/orders/{order_id}/comments"))["total_count"] == 2


async def test_cancel_says_false_when_there_is_nothing_to_cancel(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    assert await shop.call("POST", f"/orders/{order_id}/cancel") == (200, False)


async def test_a_shipped_order_that_is_not_invoiced_can_be_cancelled(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    assert (await shop.ship(order_id))[0] == 200
    assert await shop.do("POST", f"/orders/{order_id}/cancel") is True
    assert (await shop.order(order_id))["items"][0]["qty_canceled"] == 0
    assert (await shop.call("POST", f"/order/{order_id}/invoice", {}))[0] == 400


async def test_a_held_order_neither_ships_nor_invoices(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/orders/{order_id}/hold")
    assert await shop.call("POST", f"/orders/{order_id}/hold") == (400, {"message": "A hold action is not available."})
    status, body = await shop.ship(order_id)
    message = "A shipment cannot be created when an order has a status of holded"
    assert (status, body["message"]) == (400, f"Shipment Document Validation Error(s):\n{message}")
    assert (await shop.call("POST", f"/order/{order_id}/invoice", {}))[0] == 400
    await shop.do("POST", f"/orders/{order_id}/unhold")
    after = await shop.order(order_id)
    assert (after["state"], after["status"]) == ("new", "pending")
    assert "hold_before_state" not in after


async def test_shipping_takes_from_the_source_and_ends_the_reservation(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 3))
    assert (await shop.on_hand("S1"), await shop.salable("S1")) == (100, 97)
    assert (await shop.ship(order_id))[0] == 200
    assert (await shop.on_hand("S1"), await shop.salable("S1")) == (97, 97)


async def test_too_much_to_ship_is_cut_in_silence(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 3), ("CAP", 1), ("V1", 1))
    rows = (await shop.order(order_id))["items"]
    asked = [{"order_item_id": row["item_id"], "qty": 9} for row in rows]
    asked += [{"order_item_id": 999, "qty": 1}]
    status, shipment = await shop.ship(order_id, list(asked))
    assert status == 200
    shipped = (await shop.get(f"/shipment/{shipment}"))["items"]
    assert [(item["sku"], item["qty"]) for item in shipped] == [("S1", 3), ("C-Red", 1)]


@pytest.mark.parametrize("qty", [0, 0.5, -1])
async def test_a_shipment_of_nothing_is_refused(shop: Storefront, qty: float) -> None:
    order_id = await shop.place(("S1", 1))
    item = (await shop.order(order_id))["items"][0]["item_id"]
    status, body = await shop.ship(order_id, [{"order_item_id": item, "qty": qty}])
    message = "Shipment Document Validation Error(s):\nYou can't create a shipment without products."
    assert (status, body["message"]) == (400, message)


async def test_shipping_again_when_nothing_is_left(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.ship(order_id)
    status, body = await shop.ship(order_id)
    assert status == 400
    assert body["message"] == (
        "Shipment Document Validation Error(s):\nThe order does not allow a shipment to be created.\n"
        "You can't create a shipment without products."
    )


@pytest.mark.parametrize("source", ["store2", "default", "nowhere"])
async def test_a_short_or_unknown_source_fails_without_a_reason(shop: Storefront, source: str) -> None:
    order_id = await shop.place(("S1", 1))
    expected = (400, {"message": "Could not save a shipment, see error log for details"})
    assert await shop.ship(order_id, source=source) == expected
    assert (await shop.order(order_id))["items"][0]["qty_shipped"] == 0
    assert (await shop.find("/shipments"))["total_count"] == 0


async def test_without_a_source_the_default_one_is_used(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.put_stock("S1", 5, "default")
    shipment = await shop.do("POST", f"/order/{order_id}/ship", {})
    assert (await shop.get(f"/shipment/{shipment}"))["extension_attributes"] == {"source_code": "default"}


async def test_a_track_needs_a_number(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    body = {"tracks": [{"title": "UPS", "carrier_code": "ups"}]}
    status, answer = await shop.call("POST", f"/order/{order_id}/ship", body)
    assert (status, answer["message"].splitlines()[1]) == (400, "Please enter a tracking number.")


async def test_invoicing_a_cancelled_order_names_both_reasons(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/orders/{order_id}/cancel")
    status, body = await shop.call("POST", f"/order/{order_id}/invoice", {})
    assert status == 400
    assert body["message"] == (
        "Invoice Document Validation Error(s):\n"
        "The invoice can't be created without products. Add products and try again.\n"
        "An invoice cannot be created when an order has a status of canceled"
    )
    status, body = await shop.ship(order_id)
    assert body["message"] == (
        "Shipment Document Validation Error(s):\n"
        "A shipment cannot be created when an order has a status of canceled\n"
        "You can't create a shipment without products."
    )


async def test_invoicing_more_than_is_left_is_refused(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    item = (await shop.order(order_id))["items"][0]["item_id"]
    path = f"/order/{order_id}/invoice"
    status, body = await shop.call("POST", path, {"items": [{"order_item_id": item, "qty": 2}]})
    assert status == 400
    assert "must not be greater than the uninvoiced quantity" in body["message"]
    status, body = await shop.call("POST", path, {"items": [{"order_item_id": 999, "qty": 1}]})
    assert status == 400
    assert "not part of the original order" in body["message"]


async def test_a_virtual_line_leaves_its_source_when_invoiced(shop: Storefront) -> None:
    order_id = await shop.place(("V1", 2), shipped=False)
    assert (await shop.on_hand("V1"), await shop.salable("V1")) == (100, 98)
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    assert (await shop.on_hand("V1"), await shop.salable("V1")) == (98, 98)
    assert (await shop.order(order_id))["state"] == "complete"


async def test_invoices_and_shipments_are_listed_by_order(shop: Storefront) -> None:
    first, second = await shop.place(("S1", 1)), await shop.place(("S1", 1))
    for order_id in (first, second):
        await shop.do("POST", f"/order/{order_id}/invoice", {})
        await shop.ship(order_id)
    for kind in ("invoices", "shipments"):
        found = await shop.find(f"/{kind}", ("order_id", "eq", str(second)))
        assert [item["order_id"] for item in found["items"]] == [second]
        assert (await shop.find(f"/{kind}"))["total_count"] == 2
    assert (await shop.call("GET", "/invoices/99"))[0] == 404
    assert (await shop.call("GET", "/shipment/99"))[0] == 404
    assert await shop.get(f"/orders/{first}/statuses") == "complete"
