from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.sandbox.database import Database
from app.sandbox.faults import Fault, FaultPanel, Rule
from app.sandbox.webhooks import WEBHOOKS_SCHEMA, Event, Retries, WebhookSender, new_secret, sign
from tests.waiting import eventually

FAST = Retries(tries=4, first_seconds=0.01, cap_seconds=0.02, timeout_seconds=2.0)


@dataclass
class Receiver:
    """A door that answers as told and remembers what came."""

    server: TestServer | None = None
    statuses: list[int] = field(default_factory=list)
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.calls.append((dict(request.headers), await request.read()))
        status = self.statuses.pop(0) if self.statuses else 202
        return web.json_response({"receipt_id": f"r{len(self.calls)}"}, status=status)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.calls]

    def url(self) -> str:
        assert self.server is not None
        return f"{self.server.make_url('/webhooks/web')}/{{entity}}"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.add_routes([web.post("/webhooks/web/order", receiver.take)])
    receiver.server = TestServer(application)
    await receiver.server.start_server()
    yield receiver
    await receiver.server.close()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "sandbox.db", WEBHOOKS_SCHEMA)


def order(body: bytes, resource: str = "1") -> Event:
    return Event("order.saved", "order", resource, body, b"thin " + body)


async def send(
    database: Database, receiver: Receiver, events: list[Event], *rules: Rule, retries: Retries = FAST
) -> WebhookSender:
    panel = FaultPanel(seed=1)
    panel.add(list(rules))
    sender = WebhookSender(database, panel, retries=retries)
    await sender.start()
    with database.transaction() as connection:
        sender.subscribe(connection, receiver.url(), "secret of the test")
        for event in events:
            sender.enqueue(connection, event)
    await eventually(lambda: sender.waiting == 0)
    await sender.stop()
    return sender


def rows(database: Database, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in database.read(sql)]


async def test_an_event_is_signed_over_id_time_and_body(database: Database, receiver: Receiver) -> None:
    await send(database, receiver, [order(b'{"entity_id": 1}')])
    headers, body = receiver.calls[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"secret of the test", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert body == b'{"entity_id": 1}'


def test_a_whsec_secret_is_a_base64_key() -> None:
    secret = new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, b"msg.1.x", hashlib.sha256).digest()).decode()
    assert sign(secret, "msg", 1, b"x") == f"v1,{expected}"


async def test_a_delivery_is_recorded_with_the_receipt_id(database: Database, receiver: Receiver) -> None:
    await send(database, receiver, [order(b"a")])
    assert rows(database, "SELECT resource, receipt_id, tries FROM webhook_deliveries") == [("1", "r1", 1)]


async def test_it_tries_again_until_taken_and_keeps_the_order_of_a_resource(
    database: Database, receiver: Receiver
) -> None:
    receiver.statuses = [503, 500]
    await send(database, receiver, [order(b"a"), order(b"b")])
    assert receiver.bodies == [b"a", b"a", b"a", b"b"]
    assert rows(database, "SELECT count(*) FROM webhook_failures WHERE given_up = 0") == [(2,)]


async def test_it_gives_up_after_the_last_try_and_says_so(database: Database, receiver: Receiver) -> None:
    receiver.statuses = [400] * 4
    await send(database, receiver, [order(b"a"), order(b"b")])
    assert receiver.bodies == [b"a"] * 4 + [b"b"]
    assert rows(database, "SELECT tries, reason FROM webhook_failures WHERE given_up = 1") == [(4, "HTTP 400")]


async def test_what_a_stopped_process_left_is_sent_by_the_next(database: Database, receiver: Receiver) -> None:
    idle = WebhookSender(database, FaultPanel(seed=1), retries=FAST)
    with database.transaction() as connection:
        idle.subscribe(connection, receiver.url(), "s")
        idle.enqueue(connection, order(b"left"))
    await send(database, receiver, [order(b"new")])
    assert receiver.bodies == [b"left", b"new"]


async def test_events_after_an_empty_queue_are_sent(database: Database, receiver: Receiver) -> None:
    sender = WebhookSender(database, FaultPanel(seed=1), retries=FAST)
    await sender.start()
    with database.transaction() as connection:
        sender.subscribe(connection, receiver.url(), "s")
    for body in (b"a", b"b", b"c"):
        with database.transaction() as connection:
            sender.enqueue(connection, order(body))
        await eventually(lambda: sender.waiting == 0)
    await sender.stop()
    assert receiver.bodies == [b"a", b"b", b"c"]


async def test_a_rolled_back_change_sends_nothing(database: Database, receiver: Receiver) -> None:
    sender = WebhookSender(database, FaultPanel(seed=1), retries=FAST)
    with database.transaction() as connection:
        sender.subscribe(connection, receiver.url(), "s")
    with contextlib.suppress(RuntimeError), database.transaction() as connection:
        sender.enqueue(connection, order(b"never"))
        raise RuntimeError
    assert sender.waiting == 0


async def test_lost_events_are_not_sent(database: Database, receiver: Receiver) -> None:
    await send(database, receiver, [order(b"a"), order(b"b")], Rule(Fault.WEBHOOK_LOST, every=1, limit=1))
    assert receiver.bodies == [b"b"]


async def test_duplicates_carry_the_same_id(database: Database, receiver: Receiver) -> None:
    await send(database, receiver, [order(b"a")], Rule(Fault.WEBHOOK_DUPLICATED, every=1))
    assert receiver.bodies == [b"a", b"a"]
    assert len({headers["webhook-id"] for headers, _ in receiver.calls}) == 1


async def test_a_reordered_event_comes_after_its_successor(database: Database, receiver: Receiver) -> None:
    rule = Rule(Fault.WEBHOOK_REORDERED, every=1, limit=1, ms=150)
    await send(database, receiver, [order(b"a"), order(b"b")], rule)
    assert receiver.bodies == [b"b", b"a"]


async def test_thin_events_hold_the_id_alone(database: Database, receiver: Receiver) -> None:
    await send(database, receiver, [order(b"a")], Rule(Fault.WEBHOOK_THIN, every=1))
    assert receiver.bodies == [b"thin a"]


async def test_a_subscription_gets_only_its_events(database: Database, receiver: Receiver) -> None:
    sender = WebhookSender(database, FaultPanel(seed=1), retries=FAST)
    with database.transaction() as connection:
        sender.subscribe(connection, receiver.url(), "s", events=("shipment.created",))
        sender.enqueue(connection, order(b"a"))
    assert sender.waiting == 0


def test_the_default_retries_outlast_some_minutes() -> None:
    retries = Retries()
    assert sum(retries.wait(tries) for tries in range(1, retries.tries)) > 120
