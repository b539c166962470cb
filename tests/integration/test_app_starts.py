"""A stage's app on a real Kafka: where it starts, and records that the log has lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streams.runtime.starting import OffsetsLost, noted
from tests.integration.runtime_world import committed, committed_with_note, produce
from tests.integration.stage_world import Stage, add_partition, commit, delete_before, made, running
from tests.kafka_broker import Topics
from tests.waiting import eventually


async def test_a_new_group_starts_at_the_beginning_and_its_start_is_committed_before_anything_is_done(
    kafka_topics: Topics,
) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
    stage = Stage()
    stage.by_itself = False
    async with running(made(kafka_topics, topic, stage)):
        await eventually(lambda: stage.seen == [0, 1])
        await eventually(lambda: _is(committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, topic), 0))


async def test_a_first_record_that_was_stuck_until_retention_ate_it_is_noticed(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
    stuck = Stage()
    stuck.by_itself = False
    async with running(made(kafka_topics, topic, stuck)):
        await eventually(lambda: stuck.seen == [0, 1])
    await delete_before(kafka_topics, topic, 1)
    with pytest.raises(OffsetsLost, match="is processed up to offset 0, but its log starts at 1"):
        await made(kafka_topics, topic, Stage()).run(asyncio.Event())


async def test_a_partition_that_is_added_to_a_topic_is_read_from_its_beginning(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
    await commit(kafka_topics, topic, 2)
    await add_partition(kafka_topics, topic)
    await produce(kafka_topics.bootstrap_servers, topic, [b"0"], partition=1)
    stage = Stage()
    async with running(made(kafka_topics, topic, stage)):
        await eventually(lambda: stage.seen == [0])


@pytest.mark.parametrize("others", [None, 3], ids=["a group without any offset", "a group with one elsewhere"])
async def test_a_group_without_an_offset_does_not_start_behind_records_that_are_gone(
    kafka_topics: Topics, others: int | None
) -> None:
    """It may be new. It may also have been down for longer than Kafka keeps the offsets of a group."""
    topic = await kafka_topics.create(partitions=2)
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(6)], partition=0)
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(6)], partition=1)
    await delete_before(kafka_topics, topic, 3, partition=1)
    if others is not None:
        await commit(kafka_topics, topic, others)
    stage = Stage()
    with pytest.raises(OffsetsLost, match=f"{topic} 1 has no committed offset, and its log starts at 3") as lost:
        await made(kafka_topics, topic, stage).run(asyncio.Event())
    assert f"tillstream offsets start {kafka_topics.prefix} --at earliest" in lost.value.advice
    assert stage.seen == []
    assert await committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, topic, 1) is None


async def test_the_time_of_the_last_record_done_is_committed_beside_the_offset(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    began = datetime.now(UTC) - timedelta(seconds=1)
    await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
    where = (kafka_topics.bootstrap_servers, kafka_topics.prefix, topic)
    async with running(made(kafka_topics, topic, Stage())):
        await eventually(lambda: _is(committed(*where), 2))
    found = await committed_with_note(*where)
    assert found is not None
    at = noted(found[1])
    assert at is not None
    assert began < at <= datetime.now(UTC)


async def test_a_committed_offset_below_the_log_is_fatal_and_nothing_is_skipped(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(6)])
    await commit(kafka_topics, topic, 2)
    await delete_before(kafka_topics, topic, 4)
    stage = Stage()
    with pytest.raises(OffsetsLost, match=f"{topic} 0 is processed up to offset 2, but its log starts at 4") as lost:
        await made(kafka_topics, topic, stage).run(asyncio.Event())
    assert f"tillstream offsets repair {kafka_topics.prefix} --apply" in lost.value.advice
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
