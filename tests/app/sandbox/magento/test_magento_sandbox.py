"""The sandbox as a whole: webhooks, faults, lag, credentials."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.sandbox.run import start_magento
from app.sandbox.server import SandboxOptions
from tests.app.sandbox.magento.storefront import Storefront, open_shop
from tests.waiting import eventually


class Door:
    """Takes webhooks."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        application = web.Application()
        application.router.add_post("/webhooks/web/order", self.take)
        self.server = TestServer(application)

    async def take(self, request: web.Request) -> web.Response:
        self.orders.append(orjson.loads(await request.read()))
        return web.json_response({"receipt_id": f"r{len(self.orders)}"}, status=202)

    async def wait(self, count: int) -> list[dict[str, Any]]:
        await eventually(lambda: len(self.orders) >= count)
        return self.orders


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    await door.server.start_server()
    yield door
    await door.server.close()


@pytest.fixture
async def telling(tmp_path: Path, door: Door) -> AsyncIterator[Storefront]:
    async with open_shop(tmp_path, webhook_url=str(door.server.make_url("/webhooks/web"))) as opened:
        yield opened


async def put_faults(shop: Storefront, *rules: dict[str, object]) -> None:
    async with shop.session.put(f"{shop.handle.url}/_faults", json={"rules": rules}) as response:
        assert response.status == 200


async def test_every_save_of_an_order_is_told_in_full(telling: Storefront, door: Door) -> None:
    order_id = await telling.place(("S1", 1))
    await telling.do("POST", f"/orders/{order_id}/comments", {"statusHistory": {"comment": "c"}})
    await telling.do("POST", "/orders", {"entity": {"entity_id": order_id, "ext_order_id": "H-1"}})
    await telling.do("POST", f"/order/{order_id}/invoice", {})
    await telling.ship(order_id)
    told = await door.wait(4)
    assert [(order["state"], order.get("ext_order_id")) for order in told] == [
        ("new", None),
        ("new", "H-1"),
        ("processing", "H-1"),
        ("complete", "H-1"),
    ]
    assert told[-1] == await telling.order(order_id)


async def test_deliveries_are_kept_with_number_and_receipt(telling: Storefront, door: Door) -> None:
    await telling.place(("S1", 1))
    await door.wait(1)
    await eventually(lambda: telling.handle.sender.waiting == 0)
    connection = sqlite3.connect(telling.handle.database)
    assert connection.execute("SELECT resource, receipt_id FROM webhook_deliveries").fetchall() == [("000000001", "r1")]
    connection.close()


async def test_a_thin_event_holds_the_id(telling: Storefront, door: Door) -> None:
    await put_faults(telling, {"fault": "webhook_thin", "every": 1})
    order_id = await telling.place(("S1", 1))
    assert await door.wait(1) == [{"entity_id": order_id}]


async def test_a_lagging_list_hides_a_new_order_while_a_read_by_id_shows_it(shop: Storefront) -> None:
    order_id = await shop.place(("S1", 1))
    await shop.do("POST", f"/orders/{order_id}/comments", {"statusHistory": {"comment": "c"}})
    await put_faults(shop, {"fault": "list_lag", "every": 1, "seconds": 30})
    assert (await shop.find("/orders"))["total_count"] == 0
    assert (await shop.find("/inventory/source-items", ("sku", "eq", "S1")))["total_count"] == 0
    assert (await shop.find("/products", ("sku", "eq", "S1")))["total_count"] == 0
    assert (await shop.get(f"/orders/{order_id}/comments"))["total_count"] == 0
    assert (await shop.order(order_id))["entity_id"] == order_id


async def test_a_fault_by_operation_strikes_before_the_effect(shop: Storefront) -> None:
    rule = {"operation": "add_comment", "every": 1, "limit": 1}
    await put_faults(shop, {"fault": "error_before", **rule}, {"fault": "throttle", **rule})
    order_id = await shop.place(("S1", 1))
    comment = {"statusHistory": {"comment": "c"}}
    status, body = await shop.call("POST", f"/orders/{order_id}/comments", comment)
    assert (status, "webapi-" in body["message"]) == (500, True)
    assert (await shop.call("POST", f"/orders/{order_id}/comments", comment))[0] == 429
    assert (await shop.get(f"/orders/{order_id}/comments"))["total_count"] == 0


async def test_secrets_are_random_and_written_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "magento.json"
    options = SandboxOptions(
        database=tmp_path / "m.db", skus=5, credentials={"bearer_token": "given"}, credentials_file=path
    )
    handle = await start_magento(options)
    written = orjson.loads(path.read_bytes())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert written == {"url": handle.url, **handle.credentials, "webhook_secret": ""}
    assert written["bearer_token"] == "given"
    assert len({len(written[name]) for name in ("consumer_key", "consumer_secret", "access_token")} | {32}) == 1
    await handle.stop()
