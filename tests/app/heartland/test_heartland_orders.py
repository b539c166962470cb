"""What is asked of Heartland about orders, within its OpenAPI document, and what its answers become."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from app import exact_json
from app.heartland.orders import HeartlandOrders
from app.heartland.reader import HeartlandReader
from streams.errors import (
    AliasMissing,
    AuthFailed,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Transient,
    Unavailable,
)
from streams.ports import OrderDraft
from tests.app.heartland.heartland_contract import check_request
from tests.app.heartland.heartland_stub import UPDATED, order, page, refusal, stubbed

PLACED = datetime(2026, 11, 24, 7, 59, tzinfo=UTC)


def draft(**changes: Any) -> OrderDraft:
    document = {
        "ExternalID": "W-000000042",
        "OrderDate": "2026-11-24T07:59:00Z",
        "TotalAmount": Decimal("79.95"),
        "Currency": "USD",
        "LocationID": "MAIN",
        "LineItems": [
            {"SKU": "S1", "Quantity": Decimal("1.0000"), "Price": Decimal("39.9750")},
            {"SKU": "S 2/é", "Quantity": Decimal(1), "Price": Decimal("39.9750")},
        ],
        "BalanceDue": Decimal("79.95"),
    }
    return OrderDraft("W-000000042", document | changes, Decimal("79.95"), "USD", "guest@example.com", PLACED)


async def test_an_order_is_posted_with_its_amounts_digit_for_digit() -> None:
    async with stubbed(web.json_response(order(), status=201)) as stub:
        seen = await HeartlandOrders(stub.client).create_order(draft())
    assert check_request(stub.calls[0]) == "create_order"
    assert exact_json.loads(stub.calls[0].content) == draft().document
    assert b'"Price":39.9750' in stub.calls[0].content
    assert (seen.order_id, seen.number, seen.public_id, seen.status) == ("17", "17", "W-000000042", "Open")
    assert (seen.total, seen.currency, seen.email) == (Decimal("79.95"), "USD", "guest@example.com")
    assert seen.placed_at == PLACED
    assert seen.updated_at == datetime.fromisoformat(UPDATED)


async def test_an_unknown_sku_waits_for_its_alias() -> None:
    answer = refusal(400, "validation_error", **{"LineItems[1].SKU": "unknown SKU 'S 2/é'"})
    async with stubbed(answer) as stub:
        with pytest.raises(AliasMissing, match=r"order W-000000042 was not created, .* the SKU 'S 2/é'") as caught:
            await HeartlandOrders(stub.client).create_order(draft())
    assert caught.value.sku == "S 2/é"


@pytest.mark.parametrize(
    "details",
    [{"LineItems[1].Price": "too many decimals"}, {"LineItems[7].SKU": "longer than 64"}, {"TotalAmount": "is 80.00"}],
)
async def test_any_other_refusal_goes_to_a_person_with_its_details(details: dict[str, str]) -> None:
    async with stubbed(refusal(400, "validation_error", "Not valid", **details)) as stub:
        with pytest.raises(Rejected) as caught:
            await HeartlandOrders(stub.client).create_order(draft())
    assert type(caught.value) is Rejected
    path, problem = next(iter(details.items()))
    assert f"pos: create_order for order W-000000042: Heartland answers 400 'Not valid ({path}: {problem})'" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(500, "internal_error"), OutcomeUnknown),
        (refusal(503, "unavailable"), Unavailable),
        (web.Response(status=503, text="<html>no backend</html>", content_type="text/html"), OutcomeUnknown),
        (web.Response(status=502), OutcomeUnknown),
        (refusal(429, "rate_limited"), Throttled),
        (refusal(403, "forbidden"), AuthFailed),
        (refusal(404, "not_found"), Rejected),
        (web.Response(status=404, text="<html>nginx</html>", content_type="text/html"), Unavailable),
        (web.Response(status=301, headers={"Location": "https://other.example"}), Unavailable),
        (web.Response(status=200, text="<html>log in</html>", content_type="text/html"), OutcomeUnknown),
        (web.json_response({"strange": 1}, status=201), OutcomeUnknown),
    ],
    ids=lambda value: str(value.status) if isinstance(value, web.Response) else value.__name__,
)
async def test_what_a_refused_creation_means(answer: web.Response, error: type[Exception]) -> None:
    async with stubbed(answer) as stub:
        with pytest.raises(error) as caught:
            await HeartlandOrders(stub.client).create_order(draft())
    assert type(caught.value) is error
    assert len(stub.calls) == 1


async def test_a_failed_read_is_never_an_unknown_outcome() -> None:
    for answer, error in [(refusal(500, "internal_error"), Transient), (web.Response(status=502), Unavailable)]:
        async with stubbed(answer) as stub:
            with pytest.raises(error):
                await HeartlandReader(stub.client).read("order", "17")


async def test_an_order_is_found_by_its_public_id_letter_for_letter() -> None:
    rows = [order("16", "w-000000042"), order("17", "W-000000042")]
    async with stubbed(page(rows)) as stub:
        seen = await HeartlandOrders(stub.client).find_order("W-000000042")
    assert seen is not None
    assert seen.order_id == "17"
    assert check_request(stub.calls[0]) == "list_orders"
    assert "external_id=W-000000042" in stub.calls[0].raw_path


async def test_an_order_that_is_not_there_is_none() -> None:
    async with stubbed(page([])) as stub:
        assert await HeartlandOrders(stub.client).find_order("W-1") is None


async def test_two_orders_of_one_public_id_are_a_collision_for_a_person() -> None:
    async with stubbed(page([order("17"), order("18")])) as stub:
        with pytest.raises(Rejected, match="pos has 2 orders called W-000000042: 17, 18") as caught:
            await HeartlandOrders(stub.client).find_order("W-000000042")
    assert caught.value.code == "collision"


@pytest.mark.parametrize(("method", "status"), [("cancel_order", "Cancelled"), ("fulfil_order", "Fulfilled")])
async def test_a_status_is_put(method: str, status: str) -> None:
    async with stubbed(web.json_response(order(Status=status))) as stub:
        seen = await getattr(HeartlandOrders(stub.client), method)("17")
    assert check_request(stub.calls[0]) == "update_order"
    assert (seen.status, stub.calls[0].body) == (status, {"Status": status})


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("cancel_order", "order 17: is Fulfilled and stays so; it was not cancelled. Its goods have left: take them"),
        ("fulfil_order", "order 17: is Fulfilled and stays so; it was not fulfilled. If its goods have left, enter"),
    ],
)
async def test_a_change_of_status_that_cannot_be_says_what_to_do(method: str, told: str) -> None:
    async with stubbed(refusal(400, "validation_error", Status="is Fulfilled and stays so")) as stub:
        with pytest.raises(Rejected, match=told) as caught:
            await getattr(HeartlandOrders(stub.client), method)("17")
    assert caught.value.code == "order_state"


async def test_another_refusal_of_a_change_of_status_is_told_as_heartland_tells_it() -> None:
    async with stubbed(refusal(400, "invalid_request", "The body is not JSON")) as stub:
        with pytest.raises(Rejected, match="The body is not JSON") as caught:
            await HeartlandOrders(stub.client).cancel_order("17")
    assert caught.value.code == "http_400"


async def test_addresses_and_customer_are_put() -> None:
    address = {"Line1": "12 Oak St", "City": "Austin", "Country": "US"}
    async with stubbed(answer=lambda _: web.json_response(order())) as stub:
        orders = HeartlandOrders(stub.client)
        await orders.set_order_addresses("17", {"ShippingAddress": address})
        await orders.set_order_customer("17", "1001")
    assert [check_request(call) for call in stub.calls] == ["update_order"] * 2
    assert [call.body for call in stub.calls] == [{"ShippingAddress": address}, {"CustomerID": "1001"}]


async def test_changed_orders_are_listed_with_exact_amounts() -> None:
    async with stubbed(page([order(TotalAmount=Decimal("72.90"))], number=2, pages=3, total=201)) as stub:
        since = datetime(2026, 11, 24, 8, 0, 0, 1, tzinfo=UTC)
        listing = await HeartlandOrders(stub.client).list_orders(since, page=2, page_size=100)
    assert check_request(stub.calls[0]) == "list_orders"
    assert stub.calls[0].raw_path.endswith("?updated_since=2026-11-24T08%3A00%3A00.000001Z&page=2&per_page=100")
    assert listing.total_count == 201
    assert str(listing.rows[0]["TotalAmount"]) == "72.90"
