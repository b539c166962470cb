"""A partition that stands still, on a real Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.ports import Record
from streams.runtime.app import Ack, StageApp
from tests.integration.runtime_world import committed, never_ends, produce, settings
from tests.kafka_broker import Topics
from tests.waiting import eventually


@asynccontextmanager
async def running(topics: Topics, topic: str, seen: list[tuple[int, int]]) -> AsyncIterator[StageApp]:
    """An app that acknowledges what it is given, and writes down its partition and offset."""

    async def receive(record: Record, ack: Ack) -> None:
        seen.append((record.partition, record.offset))
        await ack()

    app = StageApp(
        group=topics.prefix, kafka=settings(topics.bootstrap_servers), drain_seconds=5.0, end_process=never_ends
    )
    app.consume([topic], receive)
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    try:
        yield app
    finally:
        stop.set()
        await task


async def test_nothing_more_is_taken_of_a_halted_partition_until_the_next_assignment(kafka_topics: Topics) -> None:
    topic, servers = await kafka_topics.create(partitions=2), kafka_topics.bootstrap_servers
    await produce(servers, topic, [b"a"], partition=0)
    seen: list[tuple[int, int]] = []
    async with running(kafka_topics, topic, seen) as app:
        await eventually(lambda: seen == [(0, 0)])
        app.halt(topic, 0)
        await asyncio.sleep(1.5)  # a take that was under way may still bring what comes now
        await produce(servers, topic, [b"b", b"c"], partition=0)
        await produce(servers, topic, [b"d", b"e"], partition=1)
        await eventually(lambda: seen[1:] == [(1, 0), (1, 1)])
        await asyncio.sleep(0.5)
        assert seen[3:] == []
        assert app.failure is None
    assert await committed(servers, kafka_topics.prefix, topic, 0) == 1
    async with running(kafka_topics, topic, seen):
        await eventually(lambda: seen[3:] == [(0, 1), (0, 2)])
