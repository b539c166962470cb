"""A broker that does not answer costs time, not records: publishing gives up in time, consuming goes on afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streams.errors import Rejected, Unavailable
from streams.ports import Outgoing, Record
from streams.runtime import consumer as consumer_module
from streams.runtime import producer as producer_module
from streams.runtime import reader as reader_module
from streams.runtime.app import Ack, StageApp
from tests.integration.freezable import FreezableBroker, freezable_broker
from tests.integration.runtime_world import never_ends, produce, settings, values
from tests.kafka_broker import Topics
from tests.waiting import eventually

own_broker = pytest.fixture(scope="module")(freezable_broker)


@pytest.fixture
def own_topics(own_broker: FreezableBroker) -> Topics:
    return Topics(own_broker.bootstrap_servers)


@asynccontextmanager
async def forwarding(topics: Topics, topic: str, seen: list[bytes], **changes: Any) -> AsyncIterator[StageApp]:
    app = StageApp(group=topics.prefix, kafka=settings(topics.bootstrap_servers, **changes), end_process=never_ends)

    async def receive(record: Record, ack: Ack) -> None:
        seen.append(record.value)
        await ack()

    app.consume([topic], receive)
    stop = asyncio.Event()
    run = asyncio.create_task(app.run(stop))
    await eventually(lambda: app.reason() is None)
    try:
        yield app
    finally:
        stop.set()
        await run


async def test_publishing_gives_up_in_time_and_works_again_afterwards(
    own_broker: FreezableBroker, own_topics: Topics
) -> None:
    topic, out = await own_topics.create(), await own_topics.create("out")
    async with forwarding(own_topics, topic, [], publish_seconds=1.0) as app:
        await app.publish([Outgoing(out, b"k", b"before", [])])
        with own_broker.frozen():
            began = time.monotonic()
            with pytest.raises(Unavailable, match="did not acknowledge 1 record"):
                await app.publish([Outgoing(out, b"k", b"during", [])])
            assert time.monotonic() - began < 3
            await asyncio.sleep(1.5)  # the batch expires: its sequence number is a gap, the producer is spent
        await eventually(lambda: _published(app, Outgoing(out, b"k", b"after", [])))
    found = await values(own_topics.bootstrap_servers, out)
    assert (found[0], found[-1]) == (b"before", b"after")


async def test_a_refused_record_costs_the_producer_and_nothing_else(own_topics: Topics) -> None:
    topic, small = await own_topics.create(), await own_topics.create("small", max_message_bytes="200")
    async with forwarding(own_topics, topic, []) as app:
        for value in (b"x" * 500, b"x" * 2_000_000):  # refused by the broker, refused by the client
            with pytest.raises(Rejected, match="larger than Kafka takes"):
                await app.publish([Outgoing(small, b"k", value, [])])
        await app.publish([Outgoing(small, b"k", b"fits", [])])
    assert await values(own_topics.bootstrap_servers, small) == [b"fits"]


async def test_a_worker_survives_an_outage_longer_than_its_session(
    own_broker: FreezableBroker, own_topics: Topics
) -> None:
    topic = await own_topics.create()
    seen: list[bytes] = []
    await produce(own_topics.bootstrap_servers, topic, [b"before"])
    async with forwarding(own_topics, topic, seen, session_seconds=2.0) as app:
        await eventually(lambda: seen == [b"before"])
        with own_broker.frozen():
            await asyncio.sleep(4)
            assert app.failure is None
        await produce(own_topics.bootstrap_servers, topic, [b"after"])
        await eventually(lambda: seen[-1] == b"after", 40)
        assert app.failure is None


async def test_stopping_does_not_wait_for_a_broker_that_is_gone(
    own_broker: FreezableBroker, own_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "COMMIT_SECONDS", 0.3)
    monkeypatch.setattr(reader_module, "LEAVE_SECONDS", 0.3)
    monkeypatch.setattr(producer_module, "FLUSH_SECONDS", 0.3)
    monkeypatch.setattr(producer_module, "CLOSE_SECONDS", 0.3)
    monkeypatch.setattr(producer_module, "PROBE_SECONDS", 0.3)
    topic, out = await own_topics.create(), await own_topics.create("out")
    seen: list[bytes] = []
    async with forwarding(own_topics, topic, seen, publish_seconds=1.0, commit_seconds=60) as app:
        await produce(own_topics.bootstrap_servers, topic, [b"0"])
        await eventually(lambda: bool(seen))
        with own_broker.frozen():
            assert not await app._faust.producer.kafka_answers()
            with pytest.raises(Unavailable):
                await app.publish([Outgoing(out, b"k", b"v", [])])
            began = time.monotonic()
            await app.stop()
            assert time.monotonic() - began < 10


async def _published(app: StageApp, record: Outgoing) -> bool:
    try:
        await app.publish([record])
    except Unavailable:
        return False
    return True
