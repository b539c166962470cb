"""What the shop tells of besides orders, and what it writes down of every change."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.sandbox.faults import Fault, Rule
from tests.app.sandbox.magento.storefront import Storefront, open_shop
from tests.app.sandbox.magento.test_magento_customers import ANN, HOME
from tests.waiting import eventually


class Doors:
    """Takes webhooks of every entity."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        application = web.Application()
        application.router.add_post("/webhooks/web/{entity}", self.take)
        self.server = TestServer(application)

    async def take(self, request: web.Request) -> web.Response:
        self.told.append((request.match_info["entity"], orjson.loads(await request.read())))
        return web.json_response({"receipt_id": f"r{len(self.told)}"}, status=202)

    def of(self, entity: str) -> list[dict[str, Any]]:
        return [body for told, body in self.told if told == entity]


@pytest.fixture
async def doors() -> AsyncIterator[Doors]:
    doors = Doors()
    await doors.server.start_server()
    yield doors
    await doors.server.close()


@pytest.fixture
async def telling(tmp_path: Path, doors: Doors) -> AsyncIterator[Storefront]:
    async with open_shop(tmp_path, webhook_url=str(doors.server.make_url("/webhooks/web"))) as opened:
        yield opened


async def sell_and_take_back(shop: Storefront) -> int:
    """An order that is invoiced, shipped and refunded."""
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/order/{order_id}/invoice", {})
    await shop.ship(order_id)
    await shop.do("POST", f"/order/{order_id}/refund", {})
    return order_id


async def test_invoices_shipments_and_credit_memos_are_told_in_full(telling: Storefront, doors: Doors) -> None:
    await sell_and_take_back(telling)
    paths = {"invoice": "/invoices/1", "shipment": "/shipment/1", "credit_memo": "/creditmemo/1"}
    await eventually(lambda: all(doors.of(entity) for entity in paths))
    for entity, path in paths.items():
        assert doors.of(entity) == [await telling.get(path)]


async def test_customers_are_told_when_they_are_made_and_when_they_change(telling: Storefront, doors: Doors) -> None:
    made = await telling.do("POST", "/customers", {"customer": ANN | {"addresses": [HOME]}})
    await telling.do("PUT", f"/customers/{made['id']}", {"customer": {"firstname": "Anna"}})
    await telling.do("DELETE", f"/addresses/{made['addresses'][0]['id']}")
    await eventually(lambda: len(doors.of("customer")) == 3)
    assert [(body["firstname"], len(body["addresses"])) for body in doors.of("customer")] == [
        ("Ann", 1),
        ("Anna", 1),
        ("Anna", 0),
    ]


async def test_thin_events_hold_the_id_alone(telling: Storefront, doors: Doors) -> None:
    telling.handle.panel.replace([Rule(Fault.WEBHOOK_THIN, every=1)])
    await telling.do("POST", "/customers", {"customer": ANN})
    await sell_and_take_back(telling)
    await eventually(lambda: bool(doors.of("credit_memo")))
    assert (doors.of("customer"), doors.of("credit_memo")) == ([{"id": 1}], [{"entity_id": 1}])


async def test_an_events_resource_is_no_orders_number(telling: Storefront, doors: Doors) -> None:
    await sell_and_take_back(telling)
    await eventually(lambda: telling.handle.sender.waiting == 0)
    with sqlite3.connect(telling.handle.database) as connection:
        found = {row[0] for row in connection.execute("SELECT DISTINCT resource FROM webhook_deliveries")}
    connection.close()
    numbered = {f"{entity} 000000001" for entity in ("invoice", "shipment", "credit memo")}
    assert found == {"000000001"} | numbered


async def test_every_change_is_in_the_mutation_log_with_what_it_was_done_to(shop: Storefront) -> None:
    order_id = await sell_and_take_back(shop)
    track = {"order_id": order_id, "parent_id": 1, "track_number": "1Z1"}
    await shop.do("POST", "/shipment/track", {"entity": track})
    comment = {"entity": {"comment": "c", "parent_id": 1}}
    for path in ("/shipment/1/comments", "/invoices/comments", "/creditmemo/1/comments"):
        await shop.do("POST", path, comment)
    await shop.do("POST", "/order/notify-orders-are-ready-for-pickup", {"orderIds": [order_id]})
    await shop.do("POST", "/customers", {"customer": ANN | {"addresses": [HOME]}})
    await shop.do("PUT", "/customers/1", {"customer": {"firstname": "Anna"}})
    await shop.do("DELETE", "/addresses/1")
    await shop.do("POST", "/customers/1/carts")
    await shop.call("POST", f"/order/{order_id}/refund", {})
    with sqlite3.connect(shop.handle.database) as connection:
        rows = connection.execute("SELECT operation, resource_key, status FROM mutations ORDER BY id").fetchall()
    connection.close()
    number = "000000001"
    start = next(index for index, row in enumerate(rows) if row[0] == "invoice_order")
    assert rows[start:] == [
        ("invoice_order", number, 200),
        ("ship_order", number, 200),
        ("refund_order", number, 200),
        ("add_track", number, 200),
        ("add_shipment_comment", number, 200),
        ("add_invoice_comment", number, 200),
        ("add_creditmemo_comment", number, 200),
        ("notify_ready_for_pickup", number, 200),
        ("create_customer", "ann@example.com", 200),
        ("update_customer", "1", 200),
        ("delete_address", "1", 200),
        ("create_customer_cart", "1", 200),
        ("refund_order", number, 400),
    ]


@pytest.mark.parametrize("path", ["/creditmemos", "/transactions", "/customers/search"])
async def test_new_rows_are_missing_from_a_list_that_lags(shop: Storefront, path: str) -> None:
    await shop.do("POST", "/customers", {"customer": ANN})
    order_id = await shop.place(("S1", 1), method="sandbox_card")
    await shop.do("POST", f"/order/{order_id}/refund", {})
    shop.handle.panel.replace([Rule(Fault.LIST_LAG, every=1, seconds=30.0)])
    assert (await shop.find(path))["total_count"] == 0
    shop.handle.panel.replace([])
    assert (await shop.find(path))["total_count"] == 1
