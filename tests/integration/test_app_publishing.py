"""A stage's app on a real Kafka: what it publishes."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka.errors import KafkaConnectionError

from streams.errors import Unavailable
from streams.ports import Outgoing
from tests.integration.runtime_world import values
from tests.integration.stage_world import Stage, made, running
from tests.kafka_broker import Topics
from tests.waiting import eventually


async def test_publishing_is_acknowledged_and_keeps_key_value_and_headers(kafka_topics: Topics) -> None:
    topic, out = await kafka_topics.create(), await kafka_topics.create("out")
    app = made(kafka_topics, topic, Stage())
    async with running(app):
        await eventually(lambda: app.reason() is None)
        await app.publish([])
        await app.publish([Outgoing(out, b"k", b"v%d" % n, [("receipt-id", b"r")]) for n in range(3)])
    assert await values(kafka_topics.bootstrap_servers, out) == [b"v0", b"v1", b"v2"]


async def test_without_a_connection_publishing_is_unavailable_until_there_is_one(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic, out = await kafka_topics.create(), await kafka_topics.create("out")
    record = Outgoing(out, b"k", b"v", [])

    class Unreachable:
        async def start(self) -> None:
            raise KafkaConnectionError("refused")

        async def stop(self) -> None:
            """Nothing was opened."""

    app = made(kafka_topics, topic, Stage())
    async with running(app):
        await eventually(lambda: app.reason() is None)
        producer = app._faust.producer
        producer._give_up(producer._producer)
        with monkeypatch.context() as while_down:
            while_down.setattr(producer, "_new_producer", Unreachable)
            with pytest.raises(Unavailable, match="refused"):
                await app.publish([record])
            assert not await producer.kafka_answers()
        await asyncio.gather(app.publish([record]), app.publish([record]))
    assert await values(kafka_topics.bootstrap_servers, out) == [b"v", b"v"]


async def test_a_topic_that_does_not_exist_is_unavailable_in_time(kafka_topics: Topics) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage(), publish_seconds=0.5)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await app.publish([Outgoing(f"{kafka_topics.prefix}.none", b"k", b"v", [])])
        assert time.monotonic() - began < 3
