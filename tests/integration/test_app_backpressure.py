"""A stage's app on a real Kafka: a slow stage, and records that were taken and could not be handed on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from streams.runtime.consumer import Gate
from tests.integration.runtime_world import produce
from tests.integration.stage_world import Stage, made, running
from tests.kafka_broker import Topics
from tests.waiting import eventually


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


def once_records_are_taken(consumer: Any, then: Callable[[], None]) -> None:
    """What happens while a fetch is under way: it ends with records, and before they are handed on ``then`` is done."""
    took = consumer._took

    def have_taken(taken: Any) -> None:
        took(taken)
        if taken:
            consumer._took = took
            then()

    consumer._took = have_taken


async def test_records_that_could_not_be_handed_on_come_again(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    stage = Stage()
    app = made(kafka_topics, topic, stage)
    async with running(app):
        await eventually(lambda: app.reason() is None)
        consumer = app._faust.consumer
        once_records_are_taken(consumer, lambda: setattr(consumer, "gate", Gate.CLOSED))  # as at a hand-over
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

        def hand_over() -> None:
            consumer.stop_flow()
            consumer.gate = Gate.SOUGHT

        once_records_are_taken(consumer, hand_over)
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
