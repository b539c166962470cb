"""A stage's app on a real Kafka: a consumer that lives and does nothing ends it."""

from __future__ import annotations

import pytest

from streams.runtime import consumer as consumer_module
from streams.runtime.watchdog import Vitals, Zombie
from tests.integration.stage_world import Stage, made, running
from tests.kafka_broker import Topics
from tests.waiting import eventually


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
