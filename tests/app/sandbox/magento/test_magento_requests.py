"""What the front controller refuses, in Magento's words."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.fields import trim_answer
from app.sandbox.magento.typed import read_parameters
from tests.app.sandbox.magento.storefront import Storefront


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/orders/99999", 404, "The entity that was requested doesn't exist. Verify the entity and try again."),
        (
            "GET",
            "/products/NOPE",
            404,
            "The product that was requested doesn't exist. Verify the product and try again.",
        ),
        ("GET", "/nothing", 404, "Request does not match any route."),
        ("DELETE", "/orders/1", 404, "Request does not match any route."),
        ("PATCH", "/orders/1", 405, "The PATCH HTTP method is not supported."),
    ],
)
async def test_unknown_things(shop: Storefront, method: str, path: str, status: int, message: str) -> None:
    assert await shop.call(method, path) == (status, {"message": message})


async def test_store_codes(shop: Storefront) -> None:
    for store in ("/rest", "/rest/default", "/rest/all"):
        assert (await shop.call("GET", "/products/S1", store=store))[0] == 200
    refused = await shop.call("GET", "/products/S1", store="/rest/german")
    assert refused == (400, {"message": "Specified request cannot be processed."})


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"{broken", "application/json", "Decoding error."),
        (b"[]", "application/json", "Decoding error."),
        (b"{}", "text/plain", "Server cannot understand Content-Type HTTP header media type text/plain"),
    ],
)
async def test_unreadable_bodies(shop: Storefront, content: bytes, kind: str, message: str) -> None:
    url = f"{shop.handle.url}/rest/V1/orders"
    headers = shop.headers | {"Content-Type": kind}
    async with shop.session.post(url, data=content, headers=headers) as response:
        assert (response.status, await response.json()) == (400, {"message": message})


async def test_answers_are_json_in_utf8_and_others_are_not_given(shop: Storefront) -> None:
    url = f"{shop.handle.url}/rest/V1/products/S1"
    async with shop.session.get(url, headers=shop.headers) as response:
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    async with shop.session.get(url, headers=shop.headers | {"Accept": "text/html"}) as response:
        assert (response.status, response.content_type) == (500, "text/html")


async def test_an_unknown_key_inside_is_refused_and_one_outside_is_ignored(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    refused = await shop.call("POST", f"/order/{order_id}/ship", {"items": [{"order_item_id": 1, "qtyy": 1}]})
    assert refused == (
        400,
        {
            "message": '"%fieldName" is not supported. Correct the field name and try again.',
            "parameters": {"fieldName": "Qtyy"},
        },
    )
    assert (await shop.call("POST", f"/order/{order_id}/invoice", {"itemz": []}))[0] == 200


async def test_a_missing_parameter_is_named(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    expected = {
        "message": '"%fieldName" is required. Enter and try again.',
        "parameters": {"fieldName": "statusHistory"},
    }
    assert await shop.call("POST", f"/orders/{order_id}/comments", {"comment": "x"}) == (400, expected)


async def test_a_wrong_type_is_refused(shop: Storefront) -> None:
    expected = (
        'Error occurred during "price" processing. The "abc" value\'s type is invalid.'
        ' The "float" type was expected. Verify and try again.'
    )
    assert await shop.call("POST", "/products", {"product": {"price": "abc"}}) == (400, {"message": expected})


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        ("Order", {"entityId": "5", "extOrderId": 7}, {"entity_id": 5, "ext_order_id": "7"}),
        ("Order", {"grand_total": "1.50", "state": None}, {"grand_total": 1.5, "state": None}),
        ("Payment", {"method": "checkmo", "additional_data": None}, {"method": "checkmo", "additional_data": None}),
    ],
)
def test_values_are_read_as_php_casts_them(kind: str, sent: object, read: object) -> None:
    assert read_parameters({"thing": sent, "other": 1}, {"thing": kind}) == {"thing": read}


@pytest.mark.parametrize(
    ("kind", "sent"), [("Order", []), ("array<SourceItem>", {}), ("string", {}), ("integer", []), ("number", "x")]
)
def test_values_of_another_kind_are_refused(kind: str, sent: object) -> None:
    with pytest.raises(RestError, match="type is invalid"):
        read_parameters({"thing": sent}, {"thing": kind})


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ("items[sku],total", {"items": [{"sku": "A"}], "total": 1}),
        ("items", {"items": [{"sku": "A", "deep": {"x": 1, "y": 2}}]}),
        ("items[deep[y]]", {"items": [{"deep": {"y": 2}}]}),
        ("nothing", {}),
        ("items[sku", []),
        ("items]", []),
        ("[sku]", []),
    ],
)
def test_fields_trim_an_answer(fields: str, answer: Any) -> None:
    assert trim_answer({"items": [{"sku": "A", "deep": {"x": 1, "y": 2}}], "total": 1}, fields) == answer


def test_fields_leave_scalars_alone_and_make_an_empty_list_null() -> None:
    assert trim_answer("12", "items[sku]") == "12"
    assert trim_answer({"items": [], "total_count": 0}, "items[sku],total_count") == {"items": None, "total_count": 0}


async def test_every_mutation_is_logged_with_its_outcome(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    comment = {"statusHistory": {"comment": "c"}}
    await shop.do("POST", f"/orders/{order_id}/comments", comment)
    wrong = {"statusHistory": {"comment": "c", "status": "canceled"}}
    assert (await shop.call("POST", f"/orders/{order_id}/comments", wrong))[0] == 400
    number = (await shop.order(order_id))["increment_id"]
    rows = logged(shop, "add_comment")
    assert [(row["status"], row["resource_key"]) for row in rows] == [(200, number), (400, number)]
    assert rows[0]["method"] == "POST"
    assert rows[0]["path"] == f"/rest/V1/orders/{order_id}/comments"
    assert '"comment":"c"' in rows[0]["body"].replace(" ", "")
    assert [row["resource_key"] for row in logged(shop, "place_order")] == [number]


def logged(shop: Storefront, operation: str) -> list[dict[str, Any]]:
    connection = sqlite3.connect(shop.handle.database)
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM mutations WHERE operation = ? ORDER BY id", (operation,)).fetchall()
    connection.close()
    return [dict(row) for row in rows]


async def test_health_and_panel_answer_without_a_token(shop: Storefront) -> None:
    async with shop.session.get(f"{shop.handle.url}/healthz") as response:
        assert response.status == 200
    async with shop.session.get(f"{shop.handle.url}/_faults") as response:
        assert (await response.json())["fired"]["throttle"] == 0
