"""A stage's app on a real Kafka: hooks, stops, failures, backpressure, where it starts, what it publishes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import OffsetAndMetadata

from streams.errors import Unavailable
from streams.ports import Outgoing, Record
from streams.runtime import consumer as consumer_module
from streams.runtime.app import Ack, Partition, StageApp
from streams.runtime.consumer import Gate
from streams.runtime.reader import OffsetsLost
from streams.runtime.watchdog import Vitals, Zombie
from tests.integration.runtime_world import committed, eventually, never_ends, produce, settings, values
from tests.kafka_broker import Topics

NOWHERE = "127.0.0.1:1"


class Stage:
    """Takes what it is given; the test decides when it is acknowledged."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.acks: list[Ack] = []
        self.by_itself = True
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def receive(self, record: Record, ack: Ack) -> None:
        await self.may_go_on.wait()
        self.seen.append(record.offset)
        if self.by_itself:
            await ack()
        else:
            self.acks.append(ack)


@asynccontextmanager
async def running(app: StageApp) -> AsyncIterator[asyncio.Task[None]]:
    """The app's run; stopped at the end, if it has not ended by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task])


def made(topics: Topics, topic: str, stage: Stage, *, drain_seconds: float = 5.0, **changes: Any) -> StageApp:
    app = StageApp(
        group=topics.prefix,
        kafka=settings(topics.bootstrap_servers, **changes),
        drain_seconds=drain_seconds,
        end_process=never_ends,
    )
    app.consume([topic], stage.receive)
    return app


async def delete_before(topics: Topics, topic: str, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap_servers)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})
    await admin.close()


async def commit(topics: Topics, topic: str, offset: int) -> None:
    place = TopicPartition(topic, 0)
    member = AIOKafkaConsumer(
        bootstrap_servers=topics.bootstrap_servers, group_id=topics.prefix, enable_auto_commit=False
    )
    await member.start()
    member.assign([place])
    await member.commit({place: OffsetAndMetadata(offset, "")})
    await member.stop()


# -- hooks and readiness ----------------------------------------------------------------------------------------------


async def test_nothing_is_received_before_the_assigned_hook_has_ended(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create(partitions=2)
    await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
    stage, opened, told = Stage(), asyncio.Event(), list[Partition]()
    app = made(kafka_topics, topic, stage)

    async def load_held(partitions: Sequence[Partition]) -> None:
        told.extend(partitions)
        await opened.wait()

    app.on_assigned(load_held)
    assert "joining the group" in str(app.reason())
    async with running(app):
        await eventually(lambda: app.waits_for_hook)
        assert "the store must answer" in str(app.reason())
        await asyncio.sleep(0.3)
        assert stage.seen == []
        assert told == [(topic, 0), (topic, 1)]
        opened.set()
        await eventually(lambda: stage.seen == [0, 1])
        assert app.reason() is None
    assert app.reason() == "stopping"


async def test_a_stop_does_not_wait_for_the_assigned_hook(kafka_topics: Topics) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage())

    async def hang(_partitions: Sequence[Partition]) -> None:
        await asyncio.Event().wait()

    app.on_assigned(hang)
    async with running(app):
        await eventually(lambda: app.waits_for_hook)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert app.failure is None


async def test_an_assigned_hook_that_fails_ends_the_app(kafka_topics: Topics) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage())

    async def fail(_partitions: Sequence[Partition]) -> None:
        raise LookupError("no table of held events")

    app.on_assigned(fail)
    with pytest.raises(LookupError, match="no table"):
        await app.run(asyncio.Event())
    assert app.reason() == "failed: no table of held events"


async def test_a_drain_that_takes_too_long_does_not_keep_the_app(
    kafka_topics: Topics, caplog: pytest.LogCaptureFixture
) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage(), drain_seconds=0.2)

    async def hang(_partitions: Sequence[Partition]) -> None:
        await asyncio.Event().wait()

    app.on_revoked(hang)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        began = time.monotonic()
    assert time.monotonic() - began < 4
    assert app.failure is None


async def test_what_is_acknowledged_in_the_revoked_hook_is_committed(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
    stage = Stage()
    stage.by_itself = False
    app = made(kafka_topics, topic, stage, commit_seconds=60)

    async def finish(_partitions: Sequence[Partition]) -> None:
        for ack in stage.acks:
            await ack()

    app.on_revoked(finish)
    async with running(app):
        await eventually(lambda: len(stage.acks) == 2)
        assert {place: numbers.lag for place, numbers in app.partitions().items()} == {(topic, 0): 2}
        assert app.partitions()[topic, 0].in_flight == 2
    assert await committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, topic) == 2
    assert app.partitions() == {}


async def test_a_failure_while_draining_is_told(kafka_topics: Topics) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage())

    async def fail(_partitions: Sequence[Partition]) -> None:
        raise ValueError("in the lane")

    app.on_revoked(fail)
    stop = asyncio.Event()
    run = asyncio.create_task(app.run(stop))
    await eventually(lambda: app.reason() is None)
    stop.set()
    with pytest.raises(ValueError, match="in the lane"):
        await run


async def test_a_failure_from_outside_ends_the_app_without_draining(kafka_topics: Topics) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage())
    drained: list[object] = []

    async def drain(partitions: Sequence[Partition]) -> None:
        drained.append(partitions)

    app.on_revoked(drain)
    async with running(app) as task:
        await eventually(lambda: app.reason() is None)
        app.fail(RuntimeError("lanes"))
        app.fail(RuntimeError("a second one"))
        await asyncio.wait([task])
    assert str(task.exception()) == "lanes"
    assert drained == []
    await app.stop()


async def test_without_a_broker_the_start_says_what_to_look_at() -> None:
    app = StageApp(group="g", kafka=settings(NOWHERE))
    app.consume(["t"], Stage().receive)
    with pytest.raises(Unavailable, match=r"no Kafka broker answers at 127\.0\.0\.1:1"):
        await app.run(asyncio.Event())
    assert app.partitions() == {}


async def test_a_stop_that_fails_is_told_and_leaves_the_last_resort_armed(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage())
    stop = app._faust.stop

    async def fail_after() -> None:
        await stop()
        raise RuntimeError("half stopped")

    monkeypatch.setattr(app._faust, "stop", fail_after)
    async with running(app) as task:
        await eventually(lambda: app.reason() is None)
    assert str(task.exception()) == "half stopped"
    assert app._resort._timer is not None
    app._resort.disarm()


async def test_a_stop_during_the_start_is_heeded(kafka_topics: Topics) -> None:
    app = made(kafka_topics, await kafka_topics.create(), Stage())
    stop = asyncio.Event()
    stop.set()
    await app.run(stop)
    assert app.failure is None


async def test_a_drain_longer_than_the_hand_over_is_refused() -> None:
    with pytest.raises(ValueError, match=r"drain_seconds \(60\) must be below"):
        StageApp(group="g", kafka=settings(NOWHERE), drain_seconds=60)


# -- where it starts --------------------------------------------------------------------------------------------------


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


async def test_a_stage_that_is_slow_gets_everything_once_and_in_order(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create(partitions=2)
    stage = Stage()
    stage.may_go_on.clear()
    app = made(kafka_topics, topic, stage, buffer_records=10)
    async with running(app):
        await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(200)])
        await eventually(lambda: bool(app._faust.consumer._buffered_partitions))
        stage.may_go_on.set()
        await eventually(lambda: len(stage.seen) == 200)
        assert stage.seen == list(range(200))
        assert app.partitions()[topic, 0].lag == 0


async def test_a_slow_topic_does_not_hold_up_another(kafka_topics: Topics) -> None:
    slow_topic, quick_topic = await kafka_topics.create("slow"), await kafka_topics.create("quick")
    slow, quick = Stage(), Stage()
    slow.may_go_on.clear()
    app = made(kafka_topics, slow_topic, slow, buffer_records=10)
    app.consume([quick_topic], quick.receive)
    async with running(app):
        await produce(kafka_topics.bootstrap_servers, slow_topic, [b"%d" % number for number in range(100)])
        await eventually(lambda: bool(app._faust.consumer._buffered_partitions))
        await produce(kafka_topics.bootstrap_servers, quick_topic, [b"%d" % number for number in range(30)])
        await eventually(lambda: quick.seen == list(range(30)))
        assert slow.seen == []
        slow.may_go_on.set()
        await eventually(lambda: slow.seen == list(range(100)))


# -- records that were taken while nothing could be handed on ---------------------------------------------------------


async def test_records_that_could_not_be_handed_on_come_again(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    stage = Stage()
    app = made(kafka_topics, topic, stage)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        consumer = app._faust.consumer
        consumer.gate = Gate.CLOSED  # as at a hand-over, while a fetch is under way
        await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
        await eventually(lambda: consumer._missed)
        assert stage.seen == []
        consumer.gate = Gate.OPEN
        await eventually(lambda: stage.seen == [0, 1])


async def test_nothing_goes_before_records_that_were_taken_between_the_seek_and_the_start(kafka_topics: Topics) -> None:
    """A fetch may be under way all through a hand-over, and end when positions are set and the flow stands still."""
    topic = await kafka_topics.create()
    stage = Stage()
    app = made(kafka_topics, topic, stage)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        consumer = app._faust.consumer
        consumer.stop_flow()
        consumer.gate = Gate.SOUGHT
        await produce(kafka_topics.bootstrap_servers, topic, [b"0"])
        await eventually(lambda: consumer._missed)
        await produce(kafka_topics.bootstrap_servers, topic, [b"1"])
        await asyncio.sleep(0.3)  # it is fetched, and not taken
        consumer.resume_flow()
        await eventually(lambda: 1 in stage.seen)
        assert stage.seen == [0, 1]


async def test_what_is_left_of_a_fetch_when_the_consumer_seeks_comes_again(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    stage = Stage()
    stage.by_itself = False
    app = made(kafka_topics, topic, stage)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        consumer = app._faust.consumer
        hand_on = consumer.callback

        async def seek_after(message: Any) -> None:
            consumer.callback = hand_on
            await hand_on(message)
            await consumer._seek()

        consumer.callback = seek_after
        await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1", b"2"])
        await eventually(lambda: len(stage.seen) == 4)
        assert stage.seen == [0, 0, 1, 2]


async def test_a_worker_that_has_run_for_a_year_keeps_its_partitions(kafka_topics: Topics) -> None:
    """aiokafka makes a member leave its group that fetches nothing, and does not see how ours fetches."""
    topic = await kafka_topics.create()
    stage = Stage()
    app = made(kafka_topics, topic, stage, session_seconds=6.0)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        inner = app._faust.consumer._reader._consumer
        inner._subscription._last_fetch_ended -= 365 * 24 * 60 * 60
        await asyncio.sleep(2.5)  # a heartbeat, every 1.5 s, looks at it
        assert inner._coordinator.generation > 0
        await produce(kafka_topics.bootstrap_servers, topic, [b"0"])
        await eventually(lambda: stage.seen == [0])


# -- zombies ----------------------------------------------------------------------------------------------------------


async def test_a_consumer_whose_fetching_has_ended_ends_the_app(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "WATCH_SECONDS", 0.05)
    app = made(kafka_topics, await kafka_topics.create(), Stage())
    async with running(app) as task:
        await eventually(lambda: app.reason() is None)
        app._faust.consumer._reader._consumer._fetcher._fetch_task.cancel()
        await eventually(task.done)
    assert isinstance(task.exception(), Zombie)
    assert "has stopped fetching" in str(task.exception())


async def test_a_consumer_that_hands_nothing_on_any_more_ends_the_app(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "WATCH_SECONDS", 0.05)
    app = made(kafka_topics, await kafka_topics.create(), Stage())
    async with running(app) as task:
        await eventually(lambda: app.reason() is None)
        app._faust.consumer._draining = False
        await eventually(task.done)
    assert "has stopped handing records on" in str(task.exception())


async def test_one_that_does_not_move_is_ended_only_if_kafka_answers(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "WATCH_SECONDS", 0.02)
    app = made(kafka_topics, await kafka_topics.create(), Stage(), zombie_seconds=0.1)
    asked: list[bool] = []

    async def silent() -> bool:
        asked.append(True)
        return False

    async with running(app) as task:
        await eventually(lambda: app.reason() is None)
        consumer, producer = app._faust.consumer, app._faust.producer
        assert await producer.kafka_answers()
        monkeypatch.setattr(consumer, "vitals", lambda: Vitals(expected=True, pulse="still"))
        with monkeypatch.context() as while_down:
            while_down.setattr(producer, "kafka_answers", silent)
            await eventually(lambda: len(asked) >= 2)
            assert not task.done()
        await eventually(task.done)
    assert "has not moved" in str(task.exception())


# -- publishing -------------------------------------------------------------------------------------------------------


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


async def _is(offset: Any, expected: int) -> bool:
    return bool(await offset == expected)
