"""Webhooks of the Heartland sandbox: what is told, to whom, signed and again until it is taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.sandbox.faults import Fault, Rule
from app.sandbox.webhooks import Retries
from tests.app.sandbox.heartland.account import OTHER_SKU, SKU, Account, open_account, order, validate
from tests.waiting import eventually

FAST = Retries(tries=5, first_seconds=0.01, cap_seconds=0.02, timeout_seconds=2.0)
EVENT = {"$ref": "#/components/schemas/WebhookEvent"}


@dataclass
class Door:
    """Takes webhooks; answers 503 as often as told."""

    server: TestServer | None = None
    busy: int = 0
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((request.path, dict(request.headers), await request.read()))
        if self.busy:
            self.busy -= 1
            return web.Response(status=503)
        return web.json_response({"receipt_id": f"r{len(self.taken)}"}, status=202)

    def url(self, path: str) -> str:
        assert self.server is not None
        return str(self.server.make_url(path)).replace("%7B", "{").replace("%7D", "}")

    def events(self, path: str) -> list[dict[str, Any]]:
        found = [orjson.loads(content) for taken, _, content in self.taken if taken == path]
        for event in found:
            validate(event, EVENT)
        return found


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    application = web.Application()
    application.router.add_post("/{path:.*}", door.take)
    door.server = TestServer(application)
    await door.server.start_server()
    yield door
    await door.server.close()


@pytest.fixture
async def told(tmp_path: Path, door: Door) -> AsyncIterator[Account]:
    """An account that tells the door from the start."""
    async with open_account(tmp_path, retries=FAST, webhook_url=door.url("/webhooks/pos")) as account:
        yield account


async def test_an_order_and_each_of_its_skus_are_told(told: Account, door: Door) -> None:
    lines = [{"SKU": sku, "Quantity": 2, "Price": 10} for sku in (SKU, OTHER_SKU)]
    created = await told.post("/v1/orders", order(*lines, ExternalID="W-1"))
    fulfilled = await told.put(f"/v1/orders/{created['OrderID']}", {"Status": "Fulfilled"})
    await eventually(lambda: len(door.taken) == 6)
    first, second = door.events("/webhooks/pos/order")
    assert (first["event"], first["data"]) == ("order.created", created)
    assert (second["event"], second["data"]) == ("order.updated", fulfilled)
    levels = door.events("/webhooks/pos/inventory")
    assert {level["event"] for level in levels} == {"inventory.updated"}
    of_one = [level["data"] for level in levels if level["data"]["SKU"] == SKU]
    assert [(level["OnHand"], level["Committed"]) for level in of_one] == [(222, 2), (220, 0)]
    assert len({event["id"] for event in (first, second, *levels)}) == 6


async def test_an_event_is_signed(told: Account, door: Door) -> None:
    await told.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 7})
    await eventually(lambda: len(door.taken) == 1)
    _, headers, content = door.taken[0]
    key = base64.b64decode(told.handle.webhook_secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


async def test_an_event_is_sent_again_until_it_is_taken(told: Account, door: Door) -> None:
    door.busy = 2
    await told.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 7})
    await eventually(lambda: told.handle.sender.waiting == 0)
    assert len({headers["webhook-id"] for _, headers, _ in door.taken}) == 1
    assert len(door.taken) == 3


async def test_what_changes_nothing_tells_nothing(told: Account, door: Door) -> None:
    await told.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 222})
    await told.refused("POST", "/v1/orders", order(LocationID="STORE9"))
    created = await told.post("/v1/orders", order())
    await told.put(f"/v1/orders/{created['OrderID']}", {"Status": "Open"})
    await eventually(lambda: len(door.taken) == 2)
    assert told.handle.sender.waiting == 0
    assert sorted(path for path, _, _ in door.taken) == ["/webhooks/pos/inventory", "/webhooks/pos/order"]


async def test_a_thin_event_carries_the_id_alone(told: Account, door: Door) -> None:
    told.handle.panel.replace([Rule(Fault.WEBHOOK_THIN, every=1)])
    created = await told.post("/v1/orders", order())
    await eventually(lambda: len(door.taken) == 2)
    assert door.events("/webhooks/pos/order")[0]["data"] == {"OrderID": created["OrderID"]}
    assert door.events("/webhooks/pos/inventory")[0]["data"] == {"SKU": SKU}


async def test_a_registered_receiver_is_told_what_it_chose_under_its_own_secret(tmp_path: Path, door: Door) -> None:
    async with open_account(tmp_path, retries=FAST) as account:
        wanted = {"URL": door.url("/hooks/{entity}"), "Events": ["payment.succeeded", "shipment.created"]}
        registered = await account.post("/v1/webhooks", wanted)
        created = await account.post("/v1/orders", order())
        parcel = {"ShippedAt": "2026-08-31T12:00:00Z", "TrackingNumber": "1Z", "Lines": [{"SKU": SKU, "Quantity": 1}]}
        await account.put(f"/v1/orders/{created['OrderID']}", {"Shipments": [parcel]})
        await account.post("/v1/payments", {"Kind": "Sale", "Type": "Cash", "Amount": 1, "Currency": "USD"})
        await eventually(lambda: len(door.taken) == 2)
        (shipment,), (payment,) = door.events("/hooks/shipment"), door.events("/hooks/payment")
        assert shipment["data"]["OrderID"] == created["OrderID"]
        assert shipment["data"]["Shipment"]["TrackingNumber"] == "1Z"
        assert payment["data"]["Amount"] == 1
        assert registered["Secret"].startswith("whsec_")
        (shown,) = (await account.get("/v1/webhooks"))["results"]
        assert shown == {name: value for name, value in registered.items() if name != "Secret"}


async def test_registering_a_url_again_replaces_its_secret_and_events(tmp_path: Path, door: Door) -> None:
    async with open_account(tmp_path, retries=FAST) as account:
        url = door.url("/hooks")
        first = await account.post("/v1/webhooks", {"URL": url, "Events": ["order.created"]})
        second = await account.post("/v1/webhooks", {"URL": url, "Events": ["order.updated"]})
        assert (first["WebhookID"], first["Secret"] == second["Secret"]) == (second["WebhookID"], False)
        assert (await account.get("/v1/webhooks"))["total"] == 1


async def test_a_deleted_receiver_is_told_nothing_more(tmp_path: Path, door: Door) -> None:
    async with open_account(tmp_path, retries=FAST) as account:
        hook = await account.post("/v1/webhooks", {"URL": door.url("/hooks"), "Events": ["order.created"]})
        path = f"/v1/webhooks/{hook['WebhookID']}"
        assert (await account.call("DELETE", path)).status == 204
        assert (await account.call("GET", path)).status == 404
        assert (await account.call("DELETE", path)).status == 404
        await account.post("/v1/orders", order())
        assert account.handle.sender.waiting == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"URL": "ftp://example.com"}, "URL"),
        ({"URL": "http://user@example.com/"}, "URL"),
        ({"URL": "http://example.com/\n"}, "URL"),
        ({"Events": []}, "Events"),
        ({"Events": ["order.deleted"]}, "Events[0]"),
        ({"Events": ["order.created", "order.created"]}, "Events"),
        ({"Secret": "mine"}, "Secret"),
    ],
)
async def test_a_wrong_receiver_is_refused(account: Account, change: dict[str, Any], field: str) -> None:
    body = {"URL": "http://example.com/", "Events": ["order.created"]} | change
    assert field in await account.refused("POST", "/v1/webhooks", body)


async def test_stopping_keeps_what_was_not_taken_for_the_next_start(tmp_path: Path, door: Door) -> None:
    door.busy = 1_000
    slow = Retries(tries=5, first_seconds=60.0, cap_seconds=60.0)
    async with open_account(tmp_path, retries=slow, webhook_url=door.url("/webhooks/pos")) as account:
        await account.put("/v1/inventory", {"SKU": SKU, "LocationID": "MAIN", "OnHand": 7})
        await eventually(lambda: bool(door.taken))
    door.busy = 0
    async with open_account(tmp_path, retries=FAST, webhook_url=door.url("/webhooks/pos")) as account:
        await eventually(lambda: account.handle.sender.waiting == 0)
    ids = [headers["webhook-id"] for _, headers, _ in door.taken]
    assert len(ids) == 2
    assert len(set(ids)) == 1
