from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka.errors import NotEnoughReplicasError

from app import publisher as published_by
from app.publisher import KafkaPublisher, PublisherLimits
from streams.errors import Rejected, Unavailable
from streams.metrics import Metrics
from streams.ports import Failpoint, Outgoing
from tests.app.test_outbox import Broker
from tests.twins.failpoints import Reached

RECORD = Outgoing("raw.magento.order", b"42", b"{}", [("receipt-id", b"r1")])
QUICK = PublisherLimits(timeout_seconds=0.3, close_seconds=0.3)


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """A port that accepts connections and never says a word, as a frozen broker does."""
    release = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    release.set()
    server.close()


@pytest.fixture
async def publisher(silent_port: int) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher({"bootstrap_servers": f"127.0.0.1:{silent_port}"}, "test", Metrics(), QUICK)
    yield publisher
    await publisher.stop()


async def test_a_broker_that_says_nothing_costs_no_more_than_the_timeout(publisher: KafkaPublisher) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await publisher.publish([RECORD])
    assert time.monotonic() - began < 2


async def test_what_was_never_sent_leaves_the_buffer(publisher: KafkaPublisher) -> None:
    for _ in range(3):
        with pytest.raises(Unavailable):
            await publisher.publish([RECORD, RECORD])
    await asyncio.sleep(QUICK.timeout_seconds)  # until the attempt to connect has ended too
    assert (publisher._records, publisher._bytes) == (0, 0)


async def test_callers_at_the_same_time_share_one_attempt_to_connect(publisher: KafkaPublisher) -> None:
    calls = [asyncio.create_task(publisher.publish([RECORD])) for _ in range(20)]
    await asyncio.sleep(0.01)
    attempts = {publisher._connecting}
    await asyncio.sleep(0.05)
    attempts.add(publisher._connecting)
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert len(attempts) == 1
    assert all(isinstance(result, Unavailable) for result in results)


async def test_no_broker_is_told_with_its_address_and_what_to_check() -> None:
    publisher = KafkaPublisher({"bootstrap_servers": "127.0.0.1:9"}, "test", Metrics(), QUICK)
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9.*check that Kafka runs"):
        await publisher.start()
    assert "127.0.0.1:9" in (await publisher.reason() or "")
    await publisher.stop()


async def test_a_silent_broker_is_a_reason_not_to_be_ready(publisher: KafkaPublisher) -> None:
    began = time.monotonic()
    assert await publisher.reason() is not None
    assert time.monotonic() - began < 2


async def test_stopping_while_connecting_ends_at_once(publisher: KafkaPublisher) -> None:
    call = asyncio.create_task(publisher.publish([RECORD]))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await publisher.stop()
    assert time.monotonic() - began < 1
    with pytest.raises((Unavailable, asyncio.CancelledError)):
        await call


async def test_a_record_that_is_too_large_is_refused_before_anything_is_sent(publisher: KafkaPublisher) -> None:
    large = Outgoing("raw.magento.order", b"42", b"x" * 1_100_000, [])
    with pytest.raises(Rejected, match="larger than"):
        await publisher.publish([RECORD, large])
    assert (publisher._records, publisher._connecting) == (0, None)


async def test_what_comes_after_the_stop_is_refused(publisher: KafkaPublisher) -> None:
    await publisher.stop()
    with pytest.raises(Unavailable, match="stops"):
        await publisher.publish([RECORD])
    assert publisher._records == 0


class Answering(Broker):
    """A broker that is reached at once; it stands for the producer."""

    async def start(self) -> None:
        """There is nothing to connect."""

    async def stop(self) -> None:
        """There is nothing to close."""


@pytest.fixture
async def broker(monkeypatch: pytest.MonkeyPatch) -> Answering:
    broker = Answering()
    monkeypatch.setattr(published_by, "AIOKafkaProducer", lambda **_options: broker)
    return broker


async def test_a_publish_is_acknowledged_when_kafka_has_answered_and_before_its_caller_is_told(
    broker: Answering,
) -> None:
    call: asyncio.Task[None]
    told: list[bool] = []
    reached = Reached(lambda _point: told.append(call.done()))
    publisher = KafkaPublisher({"bootstrap_servers": "b"}, "test", Metrics(), failpoints=reached)
    call = asyncio.create_task(publisher.publish([RECORD, RECORD]))
    await asyncio.sleep(0.05)
    assert len(broker.batches) == 1
    assert reached.points == []
    broker.batches[0][1].set_result(None)
    await call
    assert (reached.points, told) == ([Failpoint.PRODUCE_ACKNOWLEDGED], [False])
    await publisher.stop()


async def test_a_publish_that_kafka_refuses_is_not_acknowledged(broker: Answering) -> None:
    reached = Reached()
    publisher = KafkaPublisher({"bootstrap_servers": "b"}, "test", Metrics(), failpoints=reached)
    call = asyncio.create_task(publisher.publish([RECORD]))
    await asyncio.sleep(0.05)
    broker.batches[0][1].set_exception(NotEnoughReplicasError())
    with pytest.raises(Unavailable):
        await call
    assert reached.points == []
    await publisher.stop()
