"""A stage's app on a real Kafka: where it starts, and records that the log has lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from streams.runtime.reader import OffsetsLost
from tests.integration.runtime_world import committed, eventually, produce
from tests.integration.stage_world import Stage, commit, delete_before, made, running
from tests.kafka_broker import Topics


async def test_a_new_group_starts_at_the_first_record_there_is(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(6)])
    await delete_before(kafka_topics, topic, 3)
    stage = Stage()
    async with running(made(kafka_topics, topic, stage)):
        await eventually(lambda: stage.seen == [3, 4, 5])
        await eventually(lambda: _is(committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, topic), 6))


async def test_a_committed_offset_below_the_log_is_fatal_and_nothing_is_skipped(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(6)])
    await commit(kafka_topics, topic, 2)
    await delete_before(kafka_topics, topic, 4)
    stage = Stage()
    with pytest.raises(OffsetsLost, match=f"{topic} 0 is processed up to offset 2, but its log starts at 4") as lost:
        await made(kafka_topics, topic, stage).run(asyncio.Event())
    assert f"--group {kafka_topics.prefix} --topic {topic}:0 --reset-offsets" in str(lost.value)
    assert stage.seen == []
    assert await committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, topic) == 2


async def test_records_deleted_under_a_slow_worker_are_fatal_too(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    stage = Stage()
    stage.may_go_on.clear()
    app = made(kafka_topics, topic, stage, buffer_records=10, fetch_partition_bytes=200)
    async with running(app) as task:
        await produce(kafka_topics.bootstrap_servers, topic, [b"%0100d" % number for number in range(300)])
        await eventually(lambda: bool(app._faust.consumer._buffered_partitions))
        await delete_before(kafka_topics, topic, 290)
        stage.may_go_on.set()
        await eventually(task.done)
        with pytest.raises(OffsetsLost, match="but its log starts at 290"):
            await task


async def _is(offset: Any, expected: int) -> bool:
    return bool(await offset == expected)
