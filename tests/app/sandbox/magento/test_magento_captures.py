"""The sandbox's answers beside those of a running Magento 2.4.7: same keys, same types, same money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from app.sandbox.magento.server import ROUTES
from tests.app.sandbox.magento.storefront import Storefront

DATA = Path("tests/data/sandbox")
CAPTURES: dict[str, dict[str, Any]] = orjson.loads((DATA / "magento_documents.json").read_bytes())

THREAD = (("S1", 2), ("CAP", 1), ("V1", 1))
"""The lines of the captured order 4."""


def shape(value: Any) -> Any:
    """Keys and types of a document, recursively."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    return "string" if isinstance(value, str) else "number"


def without_repeats(order: dict[str, Any]) -> dict[str, Any]:
    """The order without the rows that it repeats, after seeing that they are repeats."""
    rows = {row["item_id"]: row for row in order["items"]}
    assert order["extension_attributes"]["shipping_assignments"][0].pop("items") == order["items"]
    for row in order["items"]:
        assert ("parent_item" in row) == ("parent_item_id" in row)
        if "parent_item_id" in row:
            assert row.pop("parent_item") == rows[row["parent_item_id"]]
    return order


def assert_like(capture: str, document: dict[str, Any]) -> None:
    expected = CAPTURES[capture]
    assert shape(document) == expected["shape"]
    assert {name: document[name] for name in expected["head"]} == expected["head"]
    for row, captured in zip(document["items"], expected["rows"], strict=True):
        seen = {name: row[name] for name in captured}
        assert seen == captured


async def test_a_placed_order_of_simple_configurable_and_virtual_goods(shop: Storefront) -> None:
    assert_like("order_new", without_repeats(await shop.order(await shop.place(*THREAD))))


async def test_an_order_invoiced_in_two_parts_and_shipped_in_three(shop: Storefront) -> None:
    order_id = await shop.place(*THREAD)
    simple, cap = (row["item_id"] for row in (await shop.order(order_id))["items"][:2])
    first = await shop.do("POST", f"/order/{order_id}/invoice", {"items": [{"order_item_id": simple, "qty": 1}]})
    comment = {"comment": "inv [k2]", "is_visible_on_front": 0}
    rest = await shop.do("POST", f"/order/{order_id}/invoice", {"comment": comment})
    assert_like("invoice_first", await shop.get(f"/invoices/{first}"))
    assert_like("invoice_rest", await shop.get(f"/invoices/{rest}"))
    for item in (simple, simple, cap):
        status, _ = await shop.ship(order_id, [{"order_item_id": item, "qty": 1}])
        assert status == 200
    assert_like("order_complete", without_repeats(await shop.order(order_id)))


async def test_a_virtual_order(shop: Storefront) -> None:
    order_id = await shop.place(("V1", 2), shipped=False)
    assert_like("order_virtual", without_repeats(await shop.order(order_id)))


async def test_an_order_with_a_discount_and_its_invoice(shop: Storefront) -> None:
    order_id = await shop.place(("S2", 1), ("S3", 3), coupon="TEN")
    document = without_repeats(await shop.order(order_id))
    captured = CAPTURES["order_discount"]["head"]
    assert {name: document[name] for name in captured} == captured
    assert_like("order_discount", document)
    invoice = await shop.do("POST", f"/order/{order_id}/invoice", {})
    assert_like("invoice_discount", await shop.get(f"/invoices/{invoice}"))


async def test_a_cancelled_order(shop: Storefront) -> None:
    order_id = await shop.place(("S4", 1))
    assert await shop.do("POST", f"/orders/{order_id}/cancel") is True
    assert_like("order_canceled", without_repeats(await shop.order(order_id)))


async def test_an_order_cancelled_after_a_part_invoice_stays_in_processing(shop: Storefront) -> None:
    order_id = await shop.place(("S5", 2), ("S4", 1))
    item = (await shop.order(order_id))["items"][0]["item_id"]
    await shop.do("POST", f"/order/{order_id}/invoice", {"items": [{"order_item_id": item, "qty": 1}]})
    assert await shop.do("POST", f"/orders/{order_id}/cancel") is True
    assert_like("order_part_canceled", without_repeats(await shop.order(order_id)))


async def test_shipments_with_and_without_track(shop: Storefront) -> None:
    order_id = await shop.place(*THREAD)
    simple, cap = (row["item_id"] for row in (await shop.order(order_id))["items"][:2])
    body = {
        "items": [{"order_item_id": simple, "qty": 1}],
        "notify": False,
        "appendComment": True,
        "comment": {"comment": "[k3]", "is_visible_on_front": 0},
        "tracks": [{"track_number": "1Z1", "title": "UPS", "carrier_code": "ups"}],
        "arguments": {"extension_attributes": {"source_code": "main"}},
    }
    tracked = await shop.do("POST", f"/order/{order_id}/ship", body)
    assert_like("shipment_tracked", await shop.get(f"/shipment/{tracked}"))
    status, plain = await shop.ship(order_id, [{"order_item_id": cap, "qty": 9}])
    assert (status, type(plain)) == (200, str)
    assert_like("shipment_plain", await shop.get(f"/shipment/{plain}"))


@pytest.mark.parametrize(("sku", "capture"), [("S3", "product_simple"), ("C-Red", "product_child")])
async def test_products(shop: Storefront, sku: str, capture: str) -> None:
    assert shape(await shop.get(f"/products/{sku}")) == CAPTURES[capture]["shape"]


async def test_a_configurable_product(shop: Storefront) -> None:
    document = shape(await shop.get("/products/CAP"))
    captured = CAPTURES["product_configurable"]["shape"]
    extension = captured["extension_attributes"]
    extension["configurable_product_links"] = extension["configurable_product_links"][:1]
    option = extension["configurable_product_options"][0]
    option["values"] = option["values"][:1]
    assert document == captured


async def test_source_items(shop: Storefront) -> None:
    await shop.put_stock("S4", 20, "store2")
    query = {
        "searchCriteria[filter_groups][0][filters][0][field]": "sku",
        "searchCriteria[filter_groups][0][filters][0][value]": "S4",
    }
    found = await shop.get("/inventory/source-items", **query)
    assert shape(found) == CAPTURES["source_items"]["shape"]
    assert [row["source_code"] for row in found["items"]] == ["default", "main", "store2"]


async def test_comments(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    full = {
        "comment": "hello [k1]",
        "entity_name": "order",
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
        "parent_id": order_id,
    }
    for sent in (full | {"status": "pending"}, full | {"status": "pending"}, full, {"comment": "min"}):
        assert await shop.do("POST", f"/orders/{order_id}/comments", {"statusHistory": sent}) is True
    found = await shop.get(f"/orders/{order_id}/comments")
    assert shape(found) == CAPTURES["comments"]["shape"]
    histories = (await shop.order(order_id))["status_histories"]
    assert histories == found["items"][::-1]


def test_every_served_route_exists_in_magento_with_that_right() -> None:
    listed = {
        tuple(line.split()[:2]): tuple(line.split()[2:])
        for line in (DATA / "magento_routes.txt").read_text().splitlines()
    }
    for route in ROUTES:
        resource, edition = listed[route.method, route.template]
        assert resource in (route.resource, "-")
        assert (edition != "open-source") == (route.edition == "commerce")
