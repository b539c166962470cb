"""Payments, gift cards, customers, products and reports of the Heartland sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.sandbox.heartland.account import SKU, Account, order

SALE = {"Kind": "Sale", "Type": "Card", "Amount": 12.5, "Currency": "USD", "Reference": "gateway-1"}
AUTHORIZATION = SALE | {"Kind": "Authorization"}


def of(kind: str, parent: dict[str, Any], amount: float) -> dict[str, Any]:
    """The body of a capture or a refund."""
    return {"Kind": kind, "ParentPaymentID": parent["PaymentID"], "Amount": amount, "Currency": "USD"}


async def test_a_sale_becomes_a_tender_of_its_order(account: Account) -> None:
    created = await account.post("/v1/orders", order())
    payment = await account.post("/v1/payments", SALE | {"OrderID": created["OrderID"], "ExternalID": "P-1"})
    assert (payment["Status"], payment["CapturedAmount"], payment["RefundedAmount"]) == ("Captured", 12.5, 0)
    paid = await account.get(f"/v1/orders/{created['OrderID']}")
    assert (paid["BalanceDue"], paid["PaymentStatus"]) == (7.5, "PartiallyPaid")
    assert paid["Tenders"] == [{"Type": "Card", "Method": "", "Amount": 12.5, "Reference": "gateway-1"}]
    too_much = SALE | {"OrderID": created["OrderID"], "Amount": 7.51}
    assert "7.50 is due" in (await account.refused("POST", "/v1/payments", too_much))["Amount"]
    assert (await account.get("/v1/payments", order_id=created["OrderID"]))["total"] == 1


async def test_an_authorization_is_captured_in_parts_and_no_further(account: Account) -> None:
    created = await account.post("/v1/orders", order())
    held = await account.post("/v1/payments", AUTHORIZATION | {"OrderID": created["OrderID"]})
    assert held["Status"] == "Authorized"
    assert (await account.get(f"/v1/orders/{created['OrderID']}"))["Tenders"] == []
    captured = await account.post("/v1/payments", of("Capture", held, 10))
    assert (captured["OrderID"], captured["Type"]) == (created["OrderID"], "Card")
    path = f"/v1/payments/{held['PaymentID']}"
    assert (await account.get(path))["Status"] == "PartiallyCaptured"
    assert "only 2.50" in (await account.refused("POST", "/v1/payments", of("Capture", held, 2.51)))["Amount"]
    await account.post("/v1/payments", of("Capture", held, 2.5))
    assert (await account.get(path))["Status"] == "Captured"
    assert (await account.get(f"/v1/orders/{created['OrderID']}"))["BalanceDue"] == 7.5


async def test_a_refund_is_written_onto_payment_and_order(account: Account) -> None:
    created = await account.post("/v1/orders", order())
    sale = await account.post("/v1/payments", SALE | {"OrderID": created["OrderID"]})
    await account.post("/v1/payments", of("Refund", sale, 10))
    assert (await account.get(f"/v1/payments/{sale['PaymentID']}"))["Status"] == "PartiallyRefunded"
    after = await account.get(f"/v1/orders/{created['OrderID']}")
    assert (after["PaymentStatus"], after["Refunds"][0]["Amount"]) == ("PartiallyRefunded", 10)
    assert "only 2.50" in (await account.refused("POST", "/v1/payments", of("Refund", sale, 3)))["Amount"]
    await account.post("/v1/payments", of("Refund", sale, 2.5))
    assert (await account.get("/v1/payments", status="Refunded"))["total"] == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"Currency": "EUR"}, "Currency"),
        ({"Amount": 0}, "Amount"),
        ({"OrderID": "17"}, "OrderID"),
        ({"ParentPaymentID": "17"}, "ParentPaymentID"),
        ({"Kind": "Capture"}, "ParentPaymentID"),
        ({"Kind": "Refund", "ParentPaymentID": "17"}, "ParentPaymentID"),
        ({"Kind": "Void"}, "Kind"),
        ({"Type": "Cheque"}, "Type"),
    ],
)
async def test_a_wrong_payment_is_refused(account: Account, change: dict[str, Any], field: str) -> None:
    assert field in await account.refused("POST", "/v1/payments", SALE | change)
    assert (await account.get("/v1/payments"))["total"] == 0


async def test_a_payment_rests_on_the_right_kind(account: Account) -> None:
    sale = await account.post("/v1/payments", SALE)
    assert "is a Sale" in (await account.refused("POST", "/v1/payments", of("Capture", sale, 1)))["ParentPaymentID"]
    held = await account.post("/v1/payments", AUTHORIZATION)
    assert "not a Sale or" in (await account.refused("POST", "/v1/payments", of("Refund", held, 1)))["ParentPaymentID"]
    without_type = {name: value for name, value in SALE.items() if name != "Type"}
    assert await account.refused("POST", "/v1/payments", without_type) == {"Type": "is required"}


async def test_a_cancelled_order_takes_no_payment(account: Account) -> None:
    created = await account.post("/v1/orders", order())
    await account.put(f"/v1/orders/{created['OrderID']}", {"Status": "Cancelled"})
    refused = await account.refused("POST", "/v1/payments", SALE | {"OrderID": created["OrderID"]})
    assert "Cancelled" in refused["OrderID"]


async def test_gift_card_money_is_held_then_spent_or_released(account: Account) -> None:
    card = await account.post("/v1/gift-cards", {"Number": "GIFT-0001", "Balance": 50, "Currency": "USD"})
    holds = f"/v1/gift-cards/{card['GiftCardID']}/holds"
    one = await account.post(holds, {"Amount": 30, "Currency": "USD", "ExternalID": "W-1"})
    assert "only 20.00" in (await account.refused("POST", holds, {"Amount": 20.01, "Currency": "USD"}))["Amount"]
    two = await account.post(holds, {"Amount": 20, "Currency": "USD"})
    await account.put(f"{holds}/{one['HoldID']}", {"Status": "Committed"})
    await account.put(f"{holds}/{two['HoldID']}", {"Status": "Released"})
    found = (await account.call("POST", "/v1/gift-cards/lookup", {"Number": "GIFT-0001"})).body
    assert (found["Balance"], found["Held"], found["Available"]) == (20, 0, 20)
    assert found == await account.get(f"/v1/gift-cards/{card['GiftCardID']}")
    assert "stays so" in (await account.refused("PUT", f"{holds}/{one['HoldID']}", {"Status": "Released"}))["Status"]
    again = await account.put(f"{holds}/{one['HoldID']}", {"Status": "Committed"})
    assert again == await account.get(f"{holds}/{one['HoldID']}")
    assert (await account.get(holds, external_id="W-1"))["total"] == 1


async def test_a_gift_card_number_is_never_shown_and_never_twice(account: Account) -> None:
    body = {"Number": "SECRET-NUMBER-0001", "Balance": 5, "Currency": "USD"}
    card = await account.post("/v1/gift-cards", body)
    assert card["LastFour"] == "0001"
    assert "SECRET" not in str(card)
    assert "SECRET" not in str(await account.get("/v1/gift-cards"))
    assert "another card" in (await account.refused("POST", "/v1/gift-cards", body))["Number"]


async def test_holds_belong_to_their_card(account: Account) -> None:
    cards = [
        await account.post("/v1/gift-cards", {"Number": f"GIFT-000{n}", "Balance": 5, "Currency": "USD"})
        for n in (1, 2)
    ]
    first, second = (f"/v1/gift-cards/{card['GiftCardID']}/holds" for card in cards)
    hold = await account.post(first, {"Amount": 1, "Currency": "USD"})
    assert (await account.call("GET", f"{second}/{hold['HoldID']}")).status == 404
    assert (await account.get(second))["total"] == 0
    assert (await account.call("GET", "/v1/gift-cards/1/holds")).status == 404


async def test_customers_may_share_everything(account: Account) -> None:
    body = {"FirstName": "Ann", "LastName": "Webb", "Email": "Ann@example.com", "ExternalID": "C-1"}
    one, two = [await account.post("/v1/customers", body) for _ in range(2)]
    assert one["CustomerID"] != two["CustomerID"]
    assert (await account.get("/v1/customers", email="ann@example.com"))["total"] == 2


async def test_a_customer_has_a_history_of_purchases_without_the_cancelled(account: Account) -> None:
    customer = await account.post("/v1/customers", {"LastName": "Webb"})
    orders = [await account.post("/v1/orders", order(CustomerID=customer["CustomerID"])) for _ in range(3)]
    await account.put(f"/v1/orders/{orders[0]['OrderID']}", {"Status": "Cancelled"})
    seen = await account.get(f"/v1/customers/{customer['CustomerID']}")
    assert seen["Purchases"] == {"Count": 2, "TotalAmount": 40, "LastOrderDate": "2026-08-31T08:00:00.000000Z"}
    assert (await account.get("/v1/orders", customer_id=customer["CustomerID"]))["total"] == 3


async def test_a_customer_is_changed_in_part(account: Account) -> None:
    customer = await account.post("/v1/customers", {"LastName": "Webb", "Phone": "512-555-0100"})
    path = f"/v1/customers/{customer['CustomerID']}"
    assert await account.put(path, {"LastName": "Webb"}) == customer
    changed = await account.put(path, {"Email": "ann@example.com", "Addresses": [{"City": "Austin"}]})
    assert (changed["Phone"], changed["Email"], changed["Addresses"]) == (
        "512-555-0100",
        "ann@example.com",
        [{"City": "Austin"}],
    )
    assert changed["UpdatedAt"] > customer["UpdatedAt"]
    assert (await account.call("PUT", "/v1/customers/17", {"LastName": "Webb"})).status == 404


async def test_web_orders_share_a_guest_from_the_start(account: Account) -> None:
    assert (await account.get("/v1/customers/Web%20guest"))["LastName"] == "Web guest"


async def test_a_product_is_changed_but_never_made(account: Account) -> None:
    before = await account.get(f"/v1/products/{SKU}")
    assert await account.put(f"/v1/products/{SKU}", {"Price": before["Price"]}) == before
    after = await account.put(f"/v1/products/{SKU}", {"Price": 9.99, "Name": "Cap", "Active": False})
    assert after == before | {"Price": 9.99, "Name": "Cap", "Active": False, "UpdatedAt": after["UpdatedAt"]}
    assert (await account.call("PUT", "/v1/products/SKU-X", {"Price": 1})).status == 404
    assert (await account.get("/v1/products", ("sku", SKU), ("sku", "SKU-X")))["total"] == 1


async def test_a_report_sums_days_and_months_without_the_cancelled(account: Account) -> None:
    for date, status in (("2026-08-30", "Open"), ("2026-08-31", "Fulfilled"), ("2026-08-31", "Open")):
        await account.post("/v1/orders", order(OrderDate=f"{date}T12:00:00Z", Status=status))
    gone = await account.post("/v1/orders", order(OrderDate="2026-08-31T12:00:00Z"))
    await account.put(f"/v1/orders/{gone['OrderID']}", {"Status": "Cancelled"})
    await account.post("/v1/orders", order(OrderDate="2026-09-01T01:00:00+02:00", LocationID="STORE2"))
    path = "/v1/reports/transactions"
    days = (await account.get(path))["results"]
    assert [(day["Period"], day["LocationID"], day["Orders"], day["TotalAmount"]) for day in days] == [
        ("2026-08-30", "MAIN", 1, 20),
        ("2026-08-31", "MAIN", 2, 40),
        ("2026-08-31", "STORE2", 1, 20),
    ]
    (month,) = (await account.get(path, group_by="month", location_id="MAIN"))["results"]
    assert (month["Period"], month["Orders"], month["Units"], month["BalanceDue"]) == ("2026-08", 3, 6, 60)
    some = await account.get(path, **{"from": "2026-08-31", "to": "2026-08-31", "per_page": 1, "page": 2})
    assert (some["total"], some["pages"], some["results"][0]["LocationID"]) == (2, 2, "STORE2")
