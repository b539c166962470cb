"""One test per defect of stock faust-streaming 0.15.3: each is shown on it, and shown to be gone on ours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import CommitFailedError

from streams.errors import Rejected
from streams.ports import Outgoing, Record
from streams.runtime.app import Ack
from streams.runtime.watchdog import Zombie
from tests.integration.runtime_world import Kind, committed, produce, working
from tests.kafka_broker import Topics
from tests.waiting import eventually

both = pytest.mark.parametrize("kind", ["stock", "ours"])


async def settled(seconds: float = 0.6) -> None:
    """Several commit intervals, for what must not happen."""
    await asyncio.sleep(seconds)


@both
async def test_a_record_whose_processing_failed_is_not_lost(kind: Kind, kafka_topics: Topics, tmp_path: Path) -> None:
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic = await kafka_topics.create()
    await produce(kafka, topic, [b"0", b"1", b"boom", b"3"])
    two_committed = asyncio.Event()

    async def body(record: Record, ack: Ack) -> None:
        if record.value == b"boom":
            if kind == "ours":
                await two_committed.wait()
            raise RuntimeError("boom")
        if kind == "ours":
            await ack()

    async with working(kind, kafka, group, topic, body, tmp_path, acks=True) as worker:
        if kind == "stock":  # goes on behind the failed record, and commits past it
            await eventually(lambda: 3 in worker.seen)
            await eventually(lambda: _is(committed(kafka, group, topic), 4))
            assert worker.alive
            return
        await eventually(lambda: _is(committed(kafka, group, topic), 2))
        two_committed.set()
        await eventually(lambda: not worker.alive)
    assert str(worker.error) == "boom"
    assert await committed(kafka, group, topic) == 2

    async def mended(_record: Record, ack: Ack) -> None:
        await ack()

    async with working(kind, kafka, group, topic, mended, tmp_path) as again:
        await eventually(lambda: again.seen == [2, 3])


@both
@pytest.mark.parametrize("head", [0, 2])
async def test_nothing_is_committed_past_a_record_in_flight(
    kind: Kind, head: int, kafka_topics: Topics, tmp_path: Path
) -> None:
    """With ``head`` 0 the group is new and nothing of it is done."""
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic = await kafka_topics.create()
    await produce(kafka, topic, [b"%d" % number for number in range(8)])
    release = asyncio.Event()
    waiting: list[asyncio.Task[None]] = []

    async def later(ack: Ack) -> None:
        await release.wait()
        await ack()

    async def body(record: Record, ack: Ack) -> None:
        if record.offset == head:
            waiting.append(asyncio.create_task(later(ack)))
        else:
            await ack()

    async with working(kind, kafka, group, topic, body, tmp_path) as worker:
        await eventually(lambda: len(worker.seen) == 8)
        await settled()
        held = await committed(kafka, group, topic)
        if kind == "stock":
            assert held == 8
        else:
            assert held == head
        release.set()
        await asyncio.gather(*waiting)
        await eventually(lambda: _is(committed(kafka, group, topic), 8))


@both
async def test_a_gap_in_the_offsets_does_not_carry_the_commit_over_what_follows_it(
    kind: Kind, kafka_topics: Topics, tmp_path: Path
) -> None:
    """A transaction's marker takes an offset. Stock Faust counts the record after the gap as part of it."""
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic = await kafka_topics.create()
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=group)
    await producer.start()
    for batch in ([b"0", b"1"], [b"3", b"4"]):
        async with producer.transaction():
            for value in batch:
                await producer.send_and_wait(topic, value, key=value)
    await producer.stop()
    waiting: list[Ack] = []

    async def body(record: Record, ack: Ack) -> None:
        if record.offset == 3:
            waiting.append(ack)
        else:
            await ack()

    async with working(kind, kafka, group, topic, body, tmp_path) as worker:
        await eventually(lambda: worker.seen == [0, 1, 3, 4])
        await settled()
        assert await committed(kafka, group, topic) == (5 if kind == "stock" else 2)
        await waiting[0]()
        await eventually(lambda: _is(committed(kafka, group, topic), 5))


@both
async def test_a_failed_commit_is_made_again(kind: Kind, kafka_topics: Topics, tmp_path: Path) -> None:
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic = await kafka_topics.create()
    await produce(kafka, topic, [b"0", b"1"])
    failed: list[object] = []

    async def body(_record: Record, ack: Ack) -> None:
        await ready.wait()
        await ack()

    ready = asyncio.Event()
    async with working(kind, kafka, group, topic, body, tmp_path) as worker:
        await eventually(lambda: bool(worker.seen))
        coordinator = worker.consumer._thread._consumer._coordinator
        commit = coordinator.commit_offsets

        async def refuse_once(assignment: Any, offsets: Any) -> None:
            if not failed:
                failed.append(offsets)
                raise CommitFailedError("the group has already rebalanced")
            await commit(assignment, offsets)

        coordinator.commit_offsets = refuse_once
        ready.set()
        await eventually(lambda: bool(failed))
        await settled()
        assert worker.alive
        assert await committed(kafka, group, topic) == (None if kind == "stock" else 2)


@both
async def test_a_record_whose_result_kafka_refused_is_not_committed(
    kind: Kind, kafka_topics: Topics, tmp_path: Path
) -> None:
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic = await kafka_topics.create()
    small = await kafka_topics.create("small", max_message_bytes="200")
    await produce(kafka, topic, [b"0"])
    large = b"x" * 1000

    async def body(_record: Record, ack: Ack) -> None:
        if worker.app is None:
            await worker.stock.topic(small, value_type=bytes, value_serializer="raw").send(value=large)
        else:
            await worker.app.publish([Outgoing(small, b"k", large, [])])
            await ack()

    async with working(kind, kafka, group, topic, body, tmp_path, acks=True) as worker:
        if kind == "stock":
            await eventually(lambda: _is(committed(kafka, group, topic), 1))
            assert worker.alive
            return
        await eventually(lambda: not worker.alive)
    assert isinstance(worker.error, Rejected)
    assert "larger than Kafka takes" in worker.error.message
    assert await committed(kafka, group, topic) == 0


@both
async def test_a_consumer_that_its_group_refuses_ends_instead_of_lingering(
    kind: Kind, kafka_topics: Topics, tmp_path: Path
) -> None:
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic = await kafka_topics.create()
    await produce(kafka, topic, [b"0"])
    other = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=group, partition_assignment_strategy=[RangePartitionAssignor]
    )
    await other.start()  # a member whose protocol ours does not speak

    async def body(_record: Record, ack: Ack) -> None:
        await ack()

    try:
        async with working(kind, kafka, group, topic, body, tmp_path) as worker:
            if kind == "stock":
                await asyncio.sleep(6)
                assert worker.alive
                assert worker.seen == []
                return
            await eventually(lambda: not worker.alive)
        assert isinstance(worker.error, Zombie)
        assert "InconsistentGroupProtocol" in str(worker.error)
    finally:
        await other.stop()


async def _is(offset: Any, expected: int) -> bool:
    return bool(await offset == expected)
