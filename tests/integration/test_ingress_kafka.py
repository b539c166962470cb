from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError
from pydantic import SecretStr

from app.clock import SystemClock
from app.connections import MagentoConnection, Webhooks
from app.health import Readiness
from app.ingress.handler import Limits
from app.ingress.server import IngressConfig, serve
from app.publisher import KafkaPublisher, PublisherLimits
from schemas.envelope import Envelope
from streams.metrics import Metrics
from tests.app.ingress.signing import standard_headers
from tests.integration.freezable import FreezableBroker, freezable_broker

pytestmark = pytest.mark.kafka

own_broker = pytest.fixture(scope="module")(freezable_broker)

KEY = b"a key for the tests of the door"
TOPIC = "raw.magento.order"
PARTITIONS = 3
REPOSITORY = Path(__file__).parents[2]


async def post(session: aiohttp.ClientSession, port: int, entity_id: int) -> tuple[int, str, str]:
    """Status, receipt id and Retry-After of the answer to one signed webhook."""
    body = orjson.dumps({"entity_id": entity_id, "increment_id": f"{entity_id:09}"})
    headers = {"Content-Type": "application/json"} | standard_headers(KEY, body, seconds=int(time.time()))
    async with session.post(f"http://127.0.0.1:{port}/webhooks/web/order", data=body, headers=headers) as answer:
        document = await answer.json()
        return answer.status, document.get("receipt_id", ""), answer.headers.get("Retry-After", "")


async def receipts_in_kafka(bootstrap: str) -> set[str]:
    """The receipt ids of everything that Kafka has."""
    partitions = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: set[str] = set()
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                records = await consumer.getmany(*partitions, timeout_ms=500)
                found |= {
                    Envelope.from_headers(record.headers).receipt_id for batch in records.values() for record in batch
                }
        return found
    finally:
        await consumer.stop()


@pytest.fixture(scope="module")
def broker(own_broker: FreezableBroker) -> FreezableBroker:
    async def create() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=own_broker.bootstrap_servers)
        await admin.start()
        with contextlib.suppress(TopicAlreadyExistsError):
            await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
        await admin.close()

    asyncio.run(create())
    return own_broker


class Ingress:
    """A running door in this process."""

    def __init__(self, broker: FreezableBroker) -> None:
        self.broker = broker
        self.metrics = Metrics()
        self.readiness = Readiness(timeout_seconds=2.0)
        self.stop = asyncio.Event()
        limits = PublisherLimits(timeout_seconds=1.0, max_records=40, close_seconds=1.0)
        kafka = {"bootstrap_servers": broker.bootstrap_servers}
        self.publisher = KafkaPublisher(kafka, "ingress-test", self.metrics, limits)
        self.port = 0

    async def run(self, listening: asyncio.Event) -> None:
        def told(port: int) -> None:
            self.port = port
            listening.set()

        web = MagentoConnection(base_url="http://web", webhooks=Webhooks(secrets=(SecretStr(KEY.decode()),)))
        await serve(
            IngressConfig(port=0, limits=Limits(retry_after_seconds=3), drain_seconds=5.0),
            {"web": web},
            publisher=self.publisher,
            clock=SystemClock(),
            metrics=self.metrics,
            readiness=self.readiness,
            stop=self.stop,
            listening=told,
        )

    async def eventually_ready(self) -> bool:
        for _ in range(200):
            if not await self.readiness.reasons():
                return True
            await asyncio.sleep(0.05)
        return False


@pytest.fixture
async def ingress(broker: FreezableBroker) -> AsyncIterator[Ingress]:
    ingress = Ingress(broker)
    listening = asyncio.Event()
    running = asyncio.create_task(ingress.run(listening))
    await listening.wait()
    yield ingress
    ingress.stop.set()
    await running
    await ingress.publisher.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200)) as session:
        yield session


async def test_what_was_accepted_is_in_kafka(ingress: Ingress, session: aiohttp.ClientSession) -> None:
    answers = await asyncio.gather(*(post(session, ingress.port, number) for number in range(30)))
    assert {status for status, _, _ in answers} == {202}
    assert {receipt for _, receipt, _ in answers} <= await receipts_in_kafka(ingress.broker.bootstrap_servers)
    assert await ingress.readiness.reasons() == {}


async def test_a_frozen_broker_is_a_503_in_time_then_a_full_buffer_and_then_all_is_well(
    ingress: Ingress, session: aiohttp.ClientSession
) -> None:
    assert (await post(session, ingress.port, 1))[0] == 202
    with ingress.broker.frozen():
        began = time.monotonic()
        answers = await asyncio.gather(*(post(session, ingress.port, number) for number in range(40)))
        assert 0.9 < time.monotonic() - began < 2.5
        assert {(status, retry) for status, _, retry in answers} == {(503, "3")}
        began = time.monotonic()
        assert (await post(session, ingress.port, 41))[::2] == (503, "3")
        assert time.monotonic() - began < 0.5
        labels = {"status": "503", "reason": "buffer_full"}
        assert ingress.metrics.registry.get_sample_value("tillstream_refusals_total", labels) == 1
        assert "kafka" in await ingress.readiness.reasons()
    assert await ingress.eventually_ready()
    status, receipt, _ = await post(session, ingress.port, 42)
    assert status == 202
    assert receipt in await receipts_in_kafka(ingress.broker.bootstrap_servers)


async def test_a_stop_answers_what_is_in_work(ingress: Ingress, session: aiohttp.ClientSession) -> None:
    assert (await post(session, ingress.port, 1))[0] == 202
    with ingress.broker.frozen():
        calls = [asyncio.create_task(post(session, ingress.port, number)) for number in range(10)]
        await asyncio.sleep(0.3)
        ingress.stop.set()
        await asyncio.sleep(0.2)
    statuses = [(await call)[0] for call in calls]
    assert statuses == [202] * 10
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(session, ingress.port, 11)


async def test_after_a_kill_every_202_is_in_kafka(broker: FreezableBroker, session: aiohttp.ClientSession) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.ingress_process",
        broker.bootstrap_servers,
        KEY.decode(),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    port = int(await process.stdout.readline())
    accepted: set[str] = set()
    refused: list[int] = []

    async def send_without_end(sender: int) -> None:
        for number in range(1_000_000):
            status, receipt, _ = await post(session, port, sender * 1_000_000 + number)
            if status == 202:
                accepted.add(receipt)
            else:
                refused.append(status)

    senders = [asyncio.create_task(send_without_end(sender)) for sender in range(32)]
    while len(accepted) < 500 and not all(sender.done() for sender in senders):  # noqa: ASYNC110 - a rate, no event
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    ends = await asyncio.gather(*senders, return_exceptions=True)
    await process.wait()
    assert all(isinstance(end, aiohttp.ClientError) for end in ends)
    assert len(accepted) >= 500
    assert refused == []
    assert accepted <= await receipts_in_kafka(broker.bootstrap_servers)
