"""A stage's app on a real Kafka: its hooks, its stops, and what ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from streams.errors import Unavailable
from streams.ports import Partition
from streams.runtime.app import StageApp
from tests.integration.runtime_world import committed, produce, settings
from tests.integration.stage_world import NOWHERE, Stage, made, running
from tests.kafka_broker import Topics
from tests.waiting import eventually


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


async def test_a_hook_that_gives_up_in_a_hand_over_leaves_the_next_assignment_to_the_next_one(
    kafka_topics: Topics,
) -> None:
    """It ends while the group still decides, when Faust must not set the old partitions going."""
    topic = await kafka_topics.create(partitions=2)
    stages, gone, told = [Stage(), Stage()], asyncio.Event(), list[int]()
    first, second = (made(kafka_topics, topic, stage) for stage in stages)

    async def take_over(partitions: Sequence[Partition]) -> None:
        told.append(len(partitions))
        if len(partitions) == 2:
            await gone.wait()

    async def give_up(_partitions: Sequence[Partition]) -> None:
        gone.set()
        await asyncio.sleep(1.0)

    first.on_assigned(take_over)
    first.on_revoked(give_up)
    async with running(first):
        await eventually(lambda: first.waits_for_hook)
        async with running(second):
            await eventually(lambda: first.reason() is None and second.reason() is None)
            assert told == [2, 1]
            await produce(kafka_topics.bootstrap_servers, topic, [b"0", b"1"])
            await produce(kafka_topics.bootstrap_servers, topic, [b"0"], partition=1)
            await eventually(lambda: sorted(map(len, (stage.seen for stage in stages))) == [1, 2])


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
