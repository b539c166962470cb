from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
import pytest
import structlog
from aiohttp.test_utils import RawTestServer, TestClient
from aiohttp.web import ServerRunner
from pydantic import SecretStr

from app.connections import Connection, HeartlandConnection, MagentoConnection, Webhooks
from app.ingress.handler import Limits, WebhookHandler, senders_of
from app.ingress.server import build_server
from schemas.envelope import Envelope, Via
from streams.errors import Rejected, Unavailable
from streams.metrics import Metrics
from streams.ports import Outgoing
from tests.app.ingress.signing import plain_header, standard_headers

NOW = 1_800_000_000
WEB_KEY, POS_KEY = b"a" * 32, b"b" * 32
CONNECTIONS: dict[str, Connection] = {
    "web": MagentoConnection(
        base_url="http://web",
        webhooks=Webhooks(secrets=(SecretStr("whsec_" + base64.b64encode(WEB_KEY).decode()),)),
    ),
    "pos": HeartlandConnection(
        base_url="http://pos",
        client_id="c",
        client_secret=SecretStr("s"),
        webhooks=Webhooks(shape="header", header="X-Pos-Sign", secrets=(SecretStr(POS_KEY.decode()),)),
    ),
    "mute": MagentoConnection(base_url="http://mute"),
}


class Now:
    def __init__(self) -> None:
        self.seconds = float(NOW)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Kafka:
    """Takes records, unless it is told to fail or to wait."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.records += records


class Door:
    def __init__(self, client: TestClient[aiohttp.web.BaseRequest, None], kafka: Kafka) -> None:
        self.client = client
        self.kafka = kafka
        self.clock = Now()
        self.metrics = Metrics()

    async def post(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, **more: str
    ) -> tuple[int, dict[str, str], aiohttp.ClientResponse]:
        """Signed as Magento's connection, unless headers are given."""
        signed = standard_headers(WEB_KEY, body, seconds=NOW) if headers is None else headers
        given = {"Content-Type": "application/json"} | signed | {name.replace("_", "-"): more[name] for name in more}
        async with self.client.post(path, data=body, headers=given) as answer:
            return answer.status, await answer.json(), answer

    def refused(self, status: int, reason: str) -> float | None:
        labels = {"status": str(status), "reason": reason}
        return self.metrics.registry.get_sample_value("tillstream_refusals_total", labels)


def served(handler: WebhookHandler, limits: Limits) -> RawTestServer:
    class Server(RawTestServer):
        async def _make_runner(self, debug: bool = True, **_kwargs: Any) -> ServerRunner:
            return ServerRunner(build_server(handler, limits), debug=debug)

    return Server(handler.handle)


OpenDoor = Callable[[Limits], Awaitable[Door]]


@pytest.fixture
async def open_door() -> AsyncIterator[OpenDoor]:
    clients: list[TestClient[aiohttp.web.BaseRequest, None]] = []

    async def opened(limits: Limits) -> Door:
        kafka = Kafka()
        clock, metrics = Now(), Metrics()
        handler = WebhookHandler(
            senders_of(CONNECTIONS), kafka, clock, metrics, limits, entropy=lambda size: b"\x01" * size
        )
        client: TestClient[aiohttp.web.BaseRequest, None] = TestClient(served(handler, limits))
        await client.start_server()
        clients.append(client)
        door = Door(client, kafka)
        door.clock, door.metrics = clock, metrics
        return door

    yield opened
    for client in clients:
        await client.close()


@pytest.fixture
async def door(open_door: OpenDoor) -> Door:
    return await open_door(Limits(body_bytes=2000, body_seconds=0.2))


async def test_an_accepted_webhook_is_published_as_it_came_and_answered_with_its_receipt(door: Door) -> None:
    body = b'{ "entity_id": 42,  "increment_id": "000000042" }'
    status, answer, response = await door.post("/webhooks/web/order", body)
    assert status == 202
    assert response.content_type == "application/json"
    (record,) = door.kafka.records
    assert (record.topic, record.key, record.value) == ("raw.magento.order", b"web:42", body)
    assert Envelope.from_headers(record.headers) == Envelope(
        receipt_id=answer["receipt_id"],
        connection="web",
        system="magento",
        entity="order",
        native_id="42",
        received_ms=NOW * 1000,
        via=Via.WEBHOOK,
        subject="000000042",
    )
    assert answer == {"receipt_id": f"r{NOW * 1000:012x}{'01' * 10}"}
    labels = {"connection": "web", "entity": "order", "via": "webhook"}
    assert door.metrics.registry.get_sample_value("tillstream_receipts_total", labels) == 1


async def test_the_plain_header_shape_is_accepted(door: Door) -> None:
    body = b'{"SKU":"TEE-M"}'
    signed = {"X-Pos-Sign": plain_header(POS_KEY, body, seconds=NOW)}
    status, _, _ = await door.post("/webhooks/pos/inventory", body, signed)
    assert status == 202
    assert door.kafka.records[0].topic == "raw.heartland.inventory"
    assert door.kafka.records[0].key == b"pos:TEE-M"


@pytest.mark.parametrize("body", [b"{}", b"[]", b'"text"', b"42", b"null", b'{"entity_id":null}'])
async def test_json_without_an_id_is_accepted_and_keyed_by_its_receipt(door: Door, body: bytes) -> None:
    status, answer, _ = await door.post("/webhooks/web/order", body)
    assert status == 202
    (record,) = door.kafka.records
    assert record.key == f"web:{answer['receipt_id']}".encode()
    assert Envelope.from_headers(record.headers).native_id == ""


async def test_every_401_is_the_same_whatever_is_wrong(door: Door) -> None:
    body = b'{"entity_id":42}'
    right = standard_headers(WEB_KEY, body, seconds=NOW)
    wrongs = [
        ("/webhooks/nobody/order", right),
        ("/webhooks/nobody/nothing", right),
        ("/webhooks/mute/order", right),
        ("/webhooks/pos/order", right),
        ("/webhooks/web/order", {}),
        ("/webhooks/web/nothing", {}),
        ("/webhooks/web/order", standard_headers(POS_KEY, body, seconds=NOW)),
        ("/webhooks/web/order", standard_headers(WEB_KEY, body, seconds=NOW - 301)),
        ("/webhooks/web/order", standard_headers(WEB_KEY, body + b" ", seconds=NOW)),
    ]
    answers = [await door.post(path, body, headers) for path, headers in wrongs]
    assert {status for status, _, _ in answers} == {401}
    assert len({orjson.dumps(answer) for _, answer, _ in answers}) == 1
    assert len({tuple(name for name in response.headers if name != "Date") for _, _, response in answers}) == 1
    assert door.kafka.records == []
    assert door.refused(401, "unknown_connection") == 2
    assert door.refused(401, "stale") == 1


async def test_an_unknown_entity_is_told_only_to_who_is_known(door: Door) -> None:
    status, answer, _ = await door.post("/webhooks/web/cart", b"{}")
    assert (status, answer["error"]) == (404, "unknown_entity")


@pytest.mark.parametrize("body", [b"", b"<xml/>", b"{", b'{"entity_id": NaN}', b"\xff\xfe", b"entity_id=42"])
async def test_what_is_not_json_is_refused_with_the_reason(door: Door, body: bytes) -> None:
    status, answer, _ = await door.post("/webhooks/web/order", body)
    assert (status, answer["error"]) == (400, "not_json")
    assert answer["message"].startswith("The body is not JSON: ")
    assert door.kafka.records == []


@pytest.mark.parametrize("body", [b"[" * 5000, b"[" * 1000 + b'"4111111111111111"' + b"]" * 1000])
async def test_a_hostile_nesting_is_refused_and_not_an_error(open_door: OpenDoor, body: bytes) -> None:
    door = await open_door(Limits())
    status, answer, _ = await door.post("/webhooks/web/order", body)
    assert (status, answer["error"]) == (400, "not_json")


async def test_a_body_above_the_cap_is_refused_before_it_is_read(door: Door) -> None:
    body = b'{"entity_id":42,"filler":"' + b"x" * 2000 + b'"}'
    status, answer, _ = await door.post("/webhooks/web/order", body)
    assert (status, answer["error"]) == (413, "too_large")
    assert door.kafka.records == []


async def test_a_body_above_the_cap_without_a_length_is_refused_too(door: Door) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100

    headers = {"Content-Type": "application/json"}
    async with door.client.post("/webhooks/web/order", data=chunks(), headers=headers) as answer:
        assert answer.status == 413


async def test_a_body_that_trickles_is_given_up(door: Door) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)
        yield b"}"

    headers = {"Content-Type": "application/json"}
    async with door.client.post("/webhooks/web/order", data=trickle(), headers=headers) as answer:
        assert answer.status == 408


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
async def test_another_content_type_is_refused(door: Door, content_type: str) -> None:
    status, _, _ = await door.post("/webhooks/web/order", b"{}", Content_Type=content_type)
    assert status == 415


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/cloudevents+json"])
async def test_json_types_are_accepted(door: Door, content_type: str) -> None:
    status, _, _ = await door.post("/webhooks/web/order", b"{}", Content_Type=content_type)
    assert status == 202


async def test_an_encoded_body_is_refused_because_the_signature_is_over_what_was_sent(door: Door) -> None:
    async with door.client.post(
        "/webhooks/web/order",
        data=b"{}",
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
        skip_auto_headers=["Content-Encoding"],
    ) as answer:
        assert answer.status in {400, 415}
    assert door.kafka.records == []


@pytest.mark.parametrize(
    "payment", [{"cc_number": "4111111111111111"}, {"cvv": "123"}, {"additional_information": ["5555555555554444"]}]
)
async def test_card_data_is_refused_and_never_repeated(door: Door, payment: dict[str, object]) -> None:
    body = orjson.dumps({"entity_id": 42, "payment": payment})
    with structlog.testing.capture_logs() as logs:
        status, answer, _ = await door.post("/webhooks/web/order", body)
    assert (status, answer["error"]) == (422, "card_data")
    assert f"payment/{next(iter(payment))}" in answer["message"]
    for told in (orjson.dumps(answer).decode(), str(logs)):
        assert not any(number in told for number in ("4111111111111111", "5555555555554444", "'123'"))
    assert door.kafka.records == []


@pytest.mark.rule("money.gift_card_masked")
async def test_a_gift_cards_code_is_masked_before_kafka_has_it(door: Door) -> None:
    cards = [{"id": 3, "code": "GC7K-22PD-0Q91", "base_amount": 50}]
    body = orjson.dumps({"entity_id": 42, "extension_attributes": {"gift_cards": cards}})
    assert (await door.post("/webhooks/web/order", body))[0] == 202
    (record,) = door.kafka.records
    assert b"GC7K-22PD" not in record.value
    assert orjson.loads(record.value)["extension_attributes"]["gift_cards"][0]["code"] == "hmac::0Q91"


async def test_order_numbers_and_phones_pass(door: Door) -> None:
    body = orjson.dumps(
        {
            "entity_id": 42,
            "increment_id": "4111111111111111",
            "billing_address": {"telephone": "+4111111111111111"},
            "customer_note": "ring 030 1234567, order 100000042",
        }
    )
    assert (await door.post("/webhooks/web/order", body))[0] == 202


async def test_without_kafka_the_sender_is_asked_to_come_again(door: Door) -> None:
    door.kafka.error = Unavailable("Kafka did not acknowledge", code="not_acknowledged")
    status, answer, response = await door.post("/webhooks/web/order", b'{"entity_id":42}')
    assert (status, answer["error"]) == (503, "unavailable")
    assert response.headers["Retry-After"] == "2"
    assert "receipt_id" not in answer
    assert door.refused(503, "not_acknowledged") == 1
    door.kafka.error = None
    assert (await door.post("/webhooks/web/order", b'{"entity_id":42}'))[0] == 202


async def test_a_record_that_kafka_takes_never_is_not_worth_a_retry(door: Door) -> None:
    door.kafka.error = Rejected("too large", code="record_too_large")
    assert (await door.post("/webhooks/web/order", b'{"entity_id":42}'))[0] == 413


async def test_a_defect_of_ours_is_a_503_too_and_logged_with_its_traceback(door: Door) -> None:
    door.kafka.error = RuntimeError("unforeseen")
    with structlog.testing.capture_logs() as logs:
        status, _, response = await door.post("/webhooks/web/order", b'{"entity_id":42}')
    assert status == 503
    assert response.headers["Retry-After"] == "2"
    assert logs[0]["exc_info"]


async def test_nothing_is_answered_before_kafka_has_it(door: Door) -> None:
    door.kafka.open.clear()
    call = asyncio.create_task(door.post("/webhooks/web/order", b'{"entity_id":42}'))
    await asyncio.sleep(0.05)
    assert not call.done()
    door.kafka.open.set()
    assert (await call)[0] == 202


async def test_more_requests_than_allowed_at_once_are_asked_to_come_again(
    open_door: OpenDoor,
) -> None:
    door = await open_door(Limits(requests=3))
    door.kafka.open.clear()
    calls = [asyncio.create_task(door.post("/webhooks/web/order", b'{"entity_id":42}')) for _ in range(3)]
    await asyncio.sleep(0.05)
    status, answer, response = await door.post("/webhooks/web/order", b'{"entity_id":42}')
    assert (status, answer["error"]) == (503, "busy")
    assert response.headers["Retry-After"] == "2"
    door.kafka.open.set()
    assert [(await call)[0] for call in calls] == [202, 202, 202]
    assert (await door.post("/webhooks/web/order", b'{"entity_id":42}'))[0] == 202


async def test_a_flood_of_refusals_is_a_few_lines_in_the_log(door: Door) -> None:
    with structlog.testing.capture_logs() as logs:
        for _ in range(50):
            await door.post("/webhooks/nobody/order", b"{}", {})
        door.clock.seconds += 11
        await door.post("/webhooks/nobody/order", b"{}", {})
    assert [line["more_since_last"] for line in logs] == [0, 49]
    assert logs[0]["reason"] == "unknown_connection"
    assert door.refused(401, "unknown_connection") == 51


async def test_only_post_and_only_webhooks_are_known(door: Door) -> None:
    for method, path, status in (
        ("GET", "/webhooks/web/order", 405),
        ("PUT", "/webhooks/web/order", 405),
        ("POST", "/webhooks/web", 404),
        ("POST", "/webhooks/web/order/42", 404),
        ("POST", "/", 404),
        ("GET", "/metrics", 404),
    ):
        async with door.client.request(method, path) as answer:
            assert answer.status == status
            assert set(await answer.json()) == {"error", "message"}
