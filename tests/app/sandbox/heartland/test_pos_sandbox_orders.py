"""Orders of the Heartland sandbox: what is refused, what stays, what an update may do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.app.sandbox.heartland.account import OTHER_SKU, SKU, Account, order

FULL = {
    "ExternalID": "W-000000042",
    "CustomerID": "Web guest",
    "OrderDate": "2026-08-31T10:00:00.5+02:00",
    "TotalAmount": 31.57,
    "Currency": "USD",
    "LocationID": "MAIN",
    "LineItems": [
        {"SKU": SKU, "Quantity": 3, "Price": 6.6667, "Discount": 2, "Tax": 1.49},
        {"SKU": OTHER_SKU, "Quantity": 1, "Price": 5},
    ],
    "Shipping": {"Method": "flatrate_flatrate", "Amount": 5, "Discount": 1, "Tax": 0.33},
    "Fees": [{"Name": "Gift wrap", "Amount": 2.5, "Tax": 0.25}],
    "Tenders": [{"Type": "GiftCard", "Method": "giftcard", "Amount": 20, "Reference": "…0042"}],
    "BalanceDue": 11.57,
    "PaymentStatus": "PartiallyPaid",
    "ShippingAddress": {"FirstName": "Ann", "Line1": "12 Oak St", "Country": "US", "Email": "ann@example.com"},
}


async def test_an_order_is_kept_as_it_was_sent_and_complete(account: Account) -> None:
    created = await account.post("/v1/orders", FULL)
    assert created == await account.get(f"/v1/orders/{created['OrderID']}")
    sent = {name: value for name, value in FULL.items() if name not in ("OrderDate", "LineItems")}
    assert {name: created[name] for name in sent} == sent
    assert created["OrderDate"] == "2026-08-31T08:00:00.500000Z"
    assert created["LineItems"][1] == {"SKU": OTHER_SKU, "Quantity": 1, "Price": 5, "Discount": 0, "Tax": 0}
    assert (created["Status"], created["BillingAddress"], created["Refunds"]) == ("Open", None, [])


async def test_a_second_post_makes_a_second_order(account: Account) -> None:
    first, second = [await account.post("/v1/orders", order(ExternalID="W-1")) for _ in range(2)]
    assert first["OrderID"] != second["OrderID"]
    page = await account.get("/v1/orders", external_id="W-1", sort="id")
    assert [found["OrderID"] for found in page["results"]] == [first["OrderID"], second["OrderID"]]
    assert await account.level() == (222, 4, 218)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"TotalAmount": 31.56, "BalanceDue": 11.56}, "TotalAmount", "make 31.57"),
        ({"Fees": []}, "TotalAmount", "make 28.82"),
        ({"Shipping": {}}, "TotalAmount", "make 27.24"),
        ({"BalanceDue": 11.58}, "BalanceDue", "do not make 31.57"),
        ({"Tenders": []}, "BalanceDue", "tenders of 0.00"),
        ({"PaymentStatus": "Paid"}, "PaymentStatus", "PartiallyPaid"),
        ({"LocationID": "STORE9"}, "LocationID", "unknown location 'STORE9'"),
        ({"CustomerID": "nobody"}, "CustomerID", "unknown customer 'nobody'"),
        ({"Currency": "EUR"}, "Currency", "USD"),
        ({"Status": "Cancelled"}, "Status", "must be one of Open, Fulfilled"),
        ({"OrderDate": "2026-08-31T10:00:00"}, "OrderDate", "zone"),
        ({"OrderDate": "0001-01-01T00:00:00+14:00"}, "OrderDate", "out of range"),
        ({"ExternalID": ""}, "ExternalID", "is empty"),
        ({"ExternalID": None}, "ExternalID", "is not text"),
        ({"TotalAmount": 31.571}, "TotalAmount", "more than 2 decimals"),
        ({"TotalAmount": "31.57"}, "TotalAmount", "is not a number"),
        ({"TotalAmount": True}, "TotalAmount", "is not a number"),
        ({"LineItems": []}, "LineItems", "1 to 200"),
        ({"Coupon": "X"}, "Coupon", "not a field"),
        ({"ShippingAddress": {"Street": "12 Oak St"}}, "ShippingAddress.Street", "not a field"),
        ({"Tenders": [{"Type": "card", "Amount": 20}]}, "Tenders[0].Type", "must be one of"),
        ({"OrderID": "17"}, "OrderID", "not a field"),
    ],
)
async def test_what_is_wrong_is_refused_by_the_path_of_the_field(
    account: Account, change: dict[str, Any], field: str, words: str
) -> None:
    details = await account.refused("POST", "/v1/orders", FULL | change)
    assert words in details[field]
    assert (await account.get("/v1/orders"))["total"] == 0
    assert await account.level() == (222, 0, 222)


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ({"SKU": "X", "Quantity": 1, "Price": 1}, "LineItems[1].SKU", "unknown SKU 'X'"),
        ({"SKU": SKU, "Quantity": 0, "Price": 1}, "LineItems[1].Quantity", "is not above 0"),
        ({"SKU": SKU, "Quantity": 1, "Price": -1}, "LineItems[1].Price", "is below 0"),
        ({"SKU": SKU, "Quantity": 1, "Price": 1.00001}, "LineItems[1].Price", "more than 4 decimals"),
        ({"SKU": SKU, "Quantity": 1}, "LineItems[1].Price", "is required"),
        ({"SKU": SKU, "Quantity": 1, "Price": 1, "tax": 0}, "LineItems[1].tax", "not a field"),
        ("SKU", "LineItems[1]", "is not an object"),
    ],
)
async def test_a_wrong_line_is_named(account: Account, line: Any, field: str, words: str) -> None:
    body = {**order(), "LineItems": [*order()["LineItems"], line]}
    assert words in (await account.refused("POST", "/v1/orders", body))[field]


async def test_an_order_without_required_fields_names_them_all(account: Account) -> None:
    details = await account.refused("POST", "/v1/orders", {})
    assert set(details) == {"OrderDate", "TotalAmount", "Currency", "LocationID", "LineItems"}


@pytest.mark.parametrize("final", ["Fulfilled", "Cancelled"])
async def test_a_final_status_stays(account: Account, final: str) -> None:
    path = f"/v1/orders/{(await account.post('/v1/orders', order()))['OrderID']}"
    await account.put(path, {"Status": final})
    for status in {"Open", "Fulfilled", "Cancelled"} - {final}:
        assert final in (await account.refused("PUT", path, {"Status": status}))["Status"]
    assert (await account.put(path, {"Status": final}))["Status"] == final


async def test_a_put_is_partial_and_moves_updated_at_only_when_something_changes(account: Account) -> None:
    created = await account.post("/v1/orders", order())
    path = f"/v1/orders/{created['OrderID']}"
    assert await account.put(path, {"Status": "Open"}) == created
    changed = await account.put(path, {"ExternalID": "W-9"})
    assert changed["UpdatedAt"] > created["UpdatedAt"]
    assert changed | {"ExternalID": None, "UpdatedAt": created["UpdatedAt"]} == created
    assert (await account.refused("PUT", path, {}))["(body)"] == "is empty"
    assert "unknown customer" in (await account.refused("PUT", path, {"CustomerID": "nobody"}))["CustomerID"]
    assert "not a field" in (await account.refused("PUT", path, {"TotalAmount": 1}))["TotalAmount"]


async def test_shipments_are_added_behind_the_known_ones(account: Account) -> None:
    path = f"/v1/orders/{(await account.post('/v1/orders', order()))['OrderID']}"
    first = {"ShippedAt": "2026-08-31T12:00:00Z", "Carrier": "UPS", "Lines": [{"SKU": SKU, "Quantity": 1}]}
    (known,) = (await account.put(path, {"Shipments": [first]}))["Shipments"]
    both = (await account.put(path, {"Shipments": [known, first]}))["Shipments"]
    assert both[0] == known
    assert both[1]["ShipmentID"] not in ("", known["ShipmentID"])
    assert "unchanged" in (await account.refused("PUT", path, {"Shipments": [first]}))["Shipments"]
    assert "the order has 2" in (await account.refused("PUT", path, {"Shipments": [*both, first]}))["Shipments"]
    named = first | {"ShipmentID": "7"}
    assert "no id yet" in (await account.refused("PUT", path, {"Shipments": [*both, named]}))["Shipments[2].ShipmentID"]
    assert await account.level() == (222, 2, 220)


async def test_a_cancelled_order_ships_nothing(account: Account) -> None:
    path = f"/v1/orders/{(await account.post('/v1/orders', order()))['OrderID']}"
    await account.put(path, {"Status": "Cancelled"})
    parcel = {"ShippedAt": "2026-08-31T12:00:00Z", "Lines": [{"SKU": SKU, "Quantity": 1}]}
    assert "Cancelled" in (await account.refused("PUT", path, {"Shipments": [parcel]}))["Shipments"]


async def test_a_refund_gives_back_no_more_than_was_tendered_and_restocks_what_came_back(account: Account) -> None:
    paid = order(Status="Fulfilled", Tenders=[{"Type": "Card", "Amount": 20}], BalanceDue=0)
    path = f"/v1/orders/{(await account.post('/v1/orders', paid))['OrderID']}"
    back = {
        "RefundedAt": "2026-09-01T12:00:00Z",
        "Amount": 10,
        "Tenders": [{"Type": "Card", "Amount": 10}],
        "Lines": [{"SKU": SKU, "Quantity": 1, "Restocked": True}],
    }
    assert "tenders" in (await account.refused("PUT", path, {"Refunds": [back | {"Amount": 9}]}))["Refunds[0].Amount"]
    once = await account.put(path, {"Refunds": [back]})
    assert once["PaymentStatus"] == "PartiallyRefunded"
    assert await account.level() == (221, 0, 221)
    twice = await account.put(path, {"Refunds": [*once["Refunds"], back | {"Lines": []}]})
    assert twice["PaymentStatus"] == "Refunded"
    assert await account.level() == (221, 0, 221)
    assert "more money" in (await account.refused("PUT", path, {"Refunds": [*twice["Refunds"], back]}))["Refunds"]


async def test_goods_of_an_order_that_is_not_gone_cannot_come_back(account: Account) -> None:
    paid = order(Tenders=[{"Type": "Card", "Amount": 20}], BalanceDue=0)
    path = f"/v1/orders/{(await account.post('/v1/orders', paid))['OrderID']}"
    back = {
        "RefundedAt": "2026-09-01T12:00:00Z",
        "Amount": 10,
        "Tenders": [{"Type": "Card", "Amount": 10}],
        "Lines": [{"SKU": SKU, "Quantity": 1, "Restocked": True}],
    }
    assert "Fulfilled" in (await account.refused("PUT", path, {"Refunds": [back]}))["Refunds"]


async def test_an_unknown_order_is_not_found(account: Account) -> None:
    for native_id in ("17", "not-a-number", "%0A", "9" * 30):
        answer = await account.call("GET", f"/v1/orders/{native_id}")
        assert (answer.status, answer.body["error"]) == (404, "not_found")


async def test_every_mutation_is_logged_also_the_refused_ones(account: Account) -> None:
    created = await account.post("/v1/orders", order(ExternalID="W-7"))
    await account.put(f"/v1/orders/{created['OrderID']}", {"Status": "Fulfilled"})
    await account.refused("POST", "/v1/orders", order(ExternalID="W-7", LocationID="STORE9"))
    with closing(sqlite3.connect(account.handle.database)) as database:
        rows = database.execute("SELECT operation, resource_key, status FROM mutations ORDER BY id").fetchall()
    assert rows == [("create_order", "W-7", 201), ("update_order", "W-7", 200), ("create_order", "W-7", 400)]


async def test_the_books_that_the_auditor_reads_hold_the_order(account: Account) -> None:
    created = await account.post("/v1/orders", FULL)
    with closing(sqlite3.connect(account.handle.database)) as database:
        ((order_id, external_id, status, total),) = database.execute(
            "SELECT order_id, external_id, status, total_amount FROM orders"
        )
        lines = database.execute(
            "SELECT line, sku, quantity, price, tax, discount FROM order_lines WHERE order_id = ?", (order_id,)
        ).fetchall()
    assert (str(order_id), external_id, status, total) == (created["OrderID"], "W-000000042", "Open", "31.57")
    assert lines == [(1, SKU, "3", "6.6667", "1.49", "2"), (2, OTHER_SKU, "1", "5", "0", "0")]
