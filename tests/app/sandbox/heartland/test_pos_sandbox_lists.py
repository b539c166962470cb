"""Lists of the Heartland sandbox: filters, paging, order, and the lag that a fault puts on them."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.faults import Fault, Rule
from tests.app.sandbox.heartland.account import SKU, Account, SetClock, order


async def _orders(account: Account, clock: SetClock, count: int) -> list[dict[str, Any]]:
    made = []
    for number in range(count):
        clock.advance(1)
        made.append(await account.post("/v1/orders", order(ExternalID=f"W-{number}")))
    return made


async def _ids(account: Account, **query: Any) -> list[str]:
    return [found["OrderID"] for found in (await account.get("/v1/orders", **query))["results"]]


async def test_pages_together_are_the_list(account: Account, clock: SetClock) -> None:
    made = [found["OrderID"] for found in await _orders(account, clock, 7)]
    pages = [await account.get("/v1/orders", per_page=3, page=number) for number in (1, 2, 3, 4)]
    assert [(page["page"], page["pages"], page["total"]) for page in pages] == [(n, 3, 7) for n in (1, 2, 3, 4)]
    assert [found["OrderID"] for page in pages for found in page["results"]] == made
    assert pages[3]["results"] == []


async def test_updated_since_is_inclusive(account: Account, clock: SetClock) -> None:
    made = await _orders(account, clock, 3)
    assert await _ids(account, updated_since=made[1]["UpdatedAt"]) == [found["OrderID"] for found in made[1:]]
    after = made[2]["UpdatedAt"].replace("000000Z", "000001Z")
    assert await _ids(account, updated_since=after) == []


async def test_updated_since_takes_any_zone(account: Account, clock: SetClock) -> None:
    made = await _orders(account, clock, 2)
    assert await _ids(account, updated_since="2026-08-31T14:00:02+02:00") == [made[1]["OrderID"]]


async def test_a_changed_row_moves_to_the_end_or_stays_as_sorted(account: Account, clock: SetClock) -> None:
    first, second, third = [found["OrderID"] for found in await _orders(account, clock, 3)]
    await account.put(f"/v1/orders/{first}", {"Status": "Fulfilled"})
    assert await _ids(account) == [second, third, first]
    assert await _ids(account, sort="id") == [first, second, third]


async def test_a_walk_by_id_skips_nothing_while_rows_change(account: Account, clock: SetClock) -> None:
    made = await _orders(account, clock, 6)
    since = made[0]["UpdatedAt"]
    seen: list[str] = []
    for number in (1, 2, 3):
        seen += await _ids(account, updated_since=since, sort="id", per_page=2, page=number)
        await account.put(f"/v1/orders/{made[0]['OrderID']}", {"ExternalID": f"W-again-{number}"})
    assert seen == [found["OrderID"] for found in made]


async def test_a_walk_by_time_from_the_last_row_skips_nothing_while_rows_change(
    account: Account, clock: SetClock
) -> None:
    made = await _orders(account, clock, 6)
    cursor, seen = made[0]["UpdatedAt"], set()
    for turn in range(8):
        page = (await account.get("/v1/orders", updated_since=cursor, per_page=2))["results"]
        seen |= {found["OrderID"] for found in page}
        cursor = page[-1]["UpdatedAt"]
        if turn < 3:
            await account.put(f"/v1/orders/{made[turn]['OrderID']}", {"ExternalID": f"W-again-{turn}"})
    assert seen == {found["OrderID"] for found in made}


async def test_updated_at_never_stands_still_even_if_the_clock_does(account: Account) -> None:
    moments = [(await account.post("/v1/orders", order()))["UpdatedAt"] for _ in range(3)]
    assert moments == sorted(set(moments))


async def test_orders_are_filtered_by_status_location_and_customer(account: Account) -> None:
    web = (await account.post("/v1/orders", order(CustomerID="Web guest")))["OrderID"]
    sale = (await account.post("/v1/orders", order(Status="Fulfilled", LocationID="STORE2")))["OrderID"]
    assert await _ids(account, status="Open") == [web]
    assert await _ids(account, location_id="STORE2") == [sale]
    assert await _ids(account, customer_id="Web guest") == [web]
    assert await _ids(account, status="Open", location_id="STORE2") == []


async def test_inventory_of_several_skus_has_a_row_for_each_location(account: Account) -> None:
    wanted = [("sku", "SKU-00002"), ("sku", "SKU-00001"), ("sku", "unknown")]
    page = await account.get("/v1/inventory", *wanted, sort="id")
    rows = [(row["SKU"], row["LocationID"]) for row in page["results"]]
    assert rows == [(sku, location) for sku in ("SKU-00001", "SKU-00002") for location in ("MAIN", "STORE2")]


async def test_a_hundred_long_skus_fit_into_one_request(account: Account) -> None:
    wanted = [("sku", f"{'ä' * 60}{number:04d}") for number in range(99)]
    page = await account.get("/v1/inventory", *wanted, ("sku", SKU))
    assert page["total"] == 2
    answer = await account.call("GET", "/v1/inventory", query=[("sku", f"S{number}") for number in range(101)])
    assert "1 to 100" in answer.details["sku"]


@pytest.mark.parametrize(
    ("query", "field", "words"),
    [
        ([("page", "0")], "page", "is below 1"),
        ([("page", "x")], "page", "is not a number"),
        ([("per_page", "501")], "per_page", "is above 500"),
        ([("per_page", "1.5")], "per_page", "is not a number"),
        ([("status", "open")], "status", "must be one of"),
        ([("updated_since", "2026-08-31")], "updated_since", "zone"),
        ([("updated_since", "2026-08-31T12:00:00 02:00")], "updated_since", "zone"),
        ([("external_id", "")], "external_id", "is empty"),
        ([("external_id", "a"), ("external_id", "b")], "external_id", "given twice"),
        ([("updated_at", "2026-08-31T12:00:00Z")], "updated_at", "not a parameter"),
        ([("sort", "total")], "sort", "must be one of"),
    ],
)
async def test_a_wrong_query_is_refused(account: Account, query: list[tuple[str, str]], field: str, words: str) -> None:
    answer = await account.call("GET", "/v1/orders", query=query)
    assert answer.status == 400
    assert words in answer.details[field]


async def test_a_query_that_is_no_text_is_refused(account: Account) -> None:
    headers = {"Authorization": f"Bearer {account.token}"}
    async with account.session.get(f"{account.handle.url}/v1/orders?external_id=%ff", headers=headers) as response:
        assert response.status == 400


async def test_external_id_is_a_filter_of_every_list(account: Account) -> None:
    webhook = {"URL": "http://127.0.0.1:9/x", "Events": ["order.created"], "ExternalID": "E-1"}
    card = {"Number": "GIFT-0001", "Balance": 5, "Currency": "USD", "ExternalID": "E-1"}
    await account.post("/v1/orders", order(ExternalID="E-1"))
    await account.post("/v1/customers", {"LastName": "Webb", "ExternalID": "E-1"})
    await account.post(
        "/v1/payments", {"Kind": "Sale", "Type": "Cash", "Amount": 1, "Currency": "USD", "ExternalID": "E-1"}
    )
    await account.post("/v1/webhooks", webhook)
    await account.post("/v1/gift-cards", card)
    await account.put(f"/v1/products/{SKU}", {"ExternalID": "E-1"})
    await account.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 5, "ExternalID": "E-1"})
    for path in ("orders", "customers", "payments", "webhooks", "gift-cards", "products", "inventory"):
        assert (await account.get(f"/v1/{path}", external_id="E-1"))["total"] == 1, path
        assert (await account.get(f"/v1/{path}", external_id="e-1"))["total"] == 0, path


async def test_a_lagging_list_answers_what_was_true_before(account: Account, clock: SetClock) -> None:
    created = (await _orders(account, clock, 1))[0]
    account.handle.panel.replace([Rule(Fault.LIST_LAG, every=1, seconds=30.0)])
    assert await _ids(account) == []
    assert (await account.get(f"/v1/orders/{created['OrderID']}")) == created
    account.handle.panel.replace([])
    assert await _ids(account) == [created["OrderID"]]
    assert account.handle.panel.fired[Fault.LIST_LAG] == 1
