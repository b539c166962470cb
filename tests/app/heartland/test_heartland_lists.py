"""What is looked for is there, is not there, or is not known: a short answer is never a no."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from app.heartland.customers import HeartlandCustomers
from app.heartland.orders import HeartlandOrders
from app.heartland.payments import HeartlandPayments
from app.heartland.products import HeartlandProducts
from app.heartland.reports import HeartlandReports
from streams.errors import Rejected, Transient
from tests.app.heartland.heartland_contract import check_answer
from tests.app.heartland.heartland_stub import UPDATED, order, page, stubbed

FIRST, LAST = date(2026, 8, 30), date(2026, 8, 31)


def payment(payment_id: str, order_id: str | None = "17", external_id: str | None = "P-1") -> dict[str, Any]:
    document = {
        "PaymentID": payment_id,
        "ExternalID": external_id,
        "Kind": "Sale",
        "Status": "Captured",
        "OrderID": order_id,
        "ParentPaymentID": None,
        "Amount": 5,
        "CapturedAmount": 5,
        "RefundedAmount": 0,
        "Currency": "USD",
        "Type": "Card",
        "Method": "",
        "Reference": "",
        "CreatedAt": UPDATED,
        "UpdatedAt": UPDATED,
    }
    check_answer("Payment", document)
    return document


def day_sum(day: str, location: str = "MAIN") -> dict[str, Any]:
    amounts = dict.fromkeys(("Units", "TotalAmount", "Tax", "Discount", "Tendered", "BalanceDue", "Refunded"), 1)
    document = {"Period": day, "LocationID": location, "Currency": "USD", "Orders": 1, **amounts}
    check_answer("TransactionSum", document)
    return document


async def test_a_row_on_a_later_page_is_found_where_heartland_filters_less_than_it_was_asked_to() -> None:
    pages = [page([order("16", "other")], pages=2, total=2), page([order("17")], number=2, pages=2, total=2)]
    async with stubbed(*pages) as stub:
        found = await HeartlandOrders(stub.client).find_order("W-000000042")
    assert found is not None
    assert found.order_id == "17"


@pytest.mark.parametrize("short", [page([], total=1), page([order("16", "other")], total=2)])
async def test_a_short_answer_is_not_a_no(short: web.Response) -> None:
    async with stubbed(short) as stub:
        with pytest.raises(Transient, match="rows came where Heartland counts") as caught:
            await HeartlandOrders(stub.client).find_order("W-000000042")
    assert caught.value.code == "partial_answer"


async def test_payments_of_an_order_are_its_own() -> None:
    async with stubbed(page([payment("1"), payment("2")]), page([payment("1"), payment("2", order_id="18")])) as stub:
        payments = HeartlandPayments(stub.client)
        assert [one.payment_id for one in await payments.payments_of("17")] == ["1", "2"]
        with pytest.raises(Transient):
            await payments.payments_of("17")


async def test_purchases_are_the_customers_own() -> None:
    rows = [order("17", CustomerID="1001"), order("18", CustomerID="1002")]
    async with stubbed(page(rows)) as stub:
        with pytest.raises(Transient):
            await HeartlandCustomers(stub.client).purchases("1001")


async def test_a_payment_under_the_same_letters_in_another_case_is_another() -> None:
    async with stubbed(page([payment("1", external_id="p-1")])) as stub:
        assert await HeartlandPayments(stub.client).find_payment("P-1") is None


async def test_an_answer_of_another_shape_names_the_field() -> None:
    row = payment("1")
    del row["RefundedAmount"]
    async with stubbed(page([row])) as stub:
        with pytest.raises(Rejected, match=r"payments_of for payments of order 17 .*RefundedAmount"):
            await HeartlandPayments(stub.client).payments_of("17")


async def test_products_that_were_not_asked_for_are_no_answer() -> None:
    row = {
        "SKU": "S9",
        "ExternalID": None,
        "Name": "Tee",
        "Price": 5,
        "Currency": "USD",
        "Active": True,
        "UpdatedAt": UPDATED,
    }
    check_answer("Product", row)
    async with stubbed(page([row])) as stub:
        with pytest.raises(Transient):
            await HeartlandProducts(stub.client).products({"S1"})


@pytest.mark.parametrize(
    "rows",
    [
        [day_sum("2026-08-29")],
        [day_sum("2026-08-30", "STORE2")],
        [day_sum("2026-08-30"), day_sum("2026-08-30")],
    ],
    ids=["another day", "another location", "a row twice"],
)
async def test_sums_of_other_days_or_places_are_no_report(rows: list[dict[str, Any]]) -> None:
    async with stubbed(page(rows)) as stub:
        with pytest.raises(Transient):
            await HeartlandReports(stub.client).day_sums(FIRST, LAST, "MAIN")


async def test_a_report_of_several_pages_is_read_to_its_end() -> None:
    pages = [
        page([day_sum("2026-08-30")], pages=2, total=2),
        page([day_sum("2026-08-31")], number=2, pages=2, total=2),
    ]
    async with stubbed(*pages) as stub:
        sums = await HeartlandReports(stub.client).day_sums(FIRST, LAST)
    assert [(one.day, one.total) for one in sums] == [(FIRST, Decimal(1)), (LAST, Decimal(1))]
