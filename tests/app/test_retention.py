"""The alarm before Kafka deletes a record that is not finished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from app.retention import NEAR, REFRESH_SECONDS, Age, RetentionWatch
from streams.errors import Unavailable
from streams.metrics import Metrics
from streams.names import KafkaNames
from tests.twins.clock import FakeClock

DAY = 86_400.0
Retentions = Mapping[str, float | None]


class World:
    """Kafka keeps ``sale`` for ten days and ``table`` for ever."""

    def __init__(self) -> None:
        self.clock, self.metrics = FakeClock(), Metrics()
        self.answers: list[Retentions | Unavailable] = [{"sale": 10 * DAY, "table": None}]
        self.asked_enough = asyncio.Event()
        self.watch = RetentionWatch(self.read, self.metrics, self.clock, "broker:9092")

    async def read(self) -> Retentions:
        if not self.answers:
            self.asked_enough.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    async def refreshed(self) -> None:
        """Every answer has been read."""
        keeping = asyncio.create_task(self.watch.keep_current())
        await self.asked_enough.wait()
        keeping.cancel()
        await asyncio.wait([keeping])

    def days_ago(self, days: float) -> int:
        return round((self.clock.now() - timedelta(days=days)).timestamp() * 1000)

    def shown(self, name: str, topic: str = "sale", partition: int = 3) -> float | None:
        labels = {"topic": topic, "partition": str(partition)}
        return self.metrics.registry.get_sample_value(f"tillstream_{name}", labels)


@pytest.fixture
async def world() -> World:
    made = World()
    await made.refreshed()
    return made


@given(age=st.floats(0, 1e9), retention=st.floats(0.001, 1e9))
def test_a_record_is_in_danger_from_eight_tenths_of_its_retention_on(age: float, retention: float) -> None:
    used = Age(age, retention).used
    assert used is not None
    assert Age(age, retention).near == (used >= NEAR)
    assert used * retention == pytest.approx(age)


@given(age=st.floats(0, 1e12))
def test_a_record_that_does_not_expire_is_never_in_danger(age: float) -> None:
    assert not Age(age, None).near
    assert Age(age, None).used is None


async def test_the_age_and_the_part_of_the_retention_are_told(world: World) -> None:
    world.watch.look({("sale", 3): world.days_ago(5), ("sale", 4): None, ("table", 0): world.days_ago(5)})
    assert world.shown("oldest_unfinished_seconds") == pytest.approx(5 * DAY, abs=1)
    assert world.shown("retention_used_ratio") == pytest.approx(0.5, abs=0.001)
    assert world.shown("oldest_unfinished_seconds", partition=4) == 0
    assert world.shown("oldest_unfinished_seconds", "table", 0) == pytest.approx(5 * DAY, abs=1)
    assert world.shown("retention_used_ratio", "table", 0) is None
    assert world.watch.note() is None


async def test_a_record_of_the_future_has_no_age(world: World) -> None:
    world.watch.look({("sale", 3): world.days_ago(-1)})
    assert world.shown("oldest_unfinished_seconds") == 0


async def test_a_partition_that_leaves_is_in_no_danger(world: World) -> None:
    world.watch.look({("sale", 3): world.days_ago(9)})
    world.watch.look({})
    assert world.watch.note() is None


async def test_danger_is_logged_once_with_what_to_do_and_again_only_after_it_was_over(world: World) -> None:
    with structlog.testing.capture_logs() as logged:
        for days in (7.9, 8.0, 8.5, 9.0, 1.0, 8.1):
            world.watch.look({("sale", 3): world.days_ago(days)})
    assert [line["event"] for line in logged] == ["retention_nearly_used_up"] * 2
    first = logged[0]
    assert (first["log_level"], first["topic"], first["partition"]) == ("error", "sale", 3)
    assert "is 8.0 d old, and Kafka deletes it at 10.0 d" in first["problem"]
    assert "--bootstrap-server broker:9092 " in first["problem"]
    assert f"--entity-name sale --add-config retention.ms={20 * 86_400_000}" in first["problem"]


async def test_the_note_names_the_record_in_the_greatest_danger(world: World) -> None:
    world.watch.look({("sale", 3): world.days_ago(8.5), ("sale", 4): world.days_ago(9.5), ("sale", 5): None})
    note = world.watch.note()
    assert note is not None
    assert "sale 4 is 9.5 d old" in note
    assert "1 more partitions" in note


async def test_the_retention_is_read_again_and_a_failure_leaves_the_last_one() -> None:
    world = World()
    world.answers += [Unavailable("down")]
    with structlog.testing.capture_logs() as logged:
        await world.refreshed()
    world.watch.look({("sale", 3): world.days_ago(5)})
    assert world.shown("retention_used_ratio") == pytest.approx(0.5, abs=0.001)
    assert [line["event"] for line in logged] == ["retention_unread"]
    assert world.clock.slept == [REFRESH_SECONDS, REFRESH_SECONDS]


async def test_a_prolonged_retention_ends_the_danger() -> None:
    world = World()
    world.answers += [{"sale": 20 * DAY, "table": None}]
    await world.refreshed()
    world.watch.look({("sale", 3): world.days_ago(9)})
    assert world.watch.note() is None


async def test_the_command_that_wins_time_has_the_topics_name_in_kafka() -> None:
    world = World()
    world.watch = RetentionWatch(world.read, world.metrics, world.clock, "broker:9092", KafkaNames("shop-a."))
    await world.refreshed()
    world.watch.look({("sale", 3): world.days_ago(9)})
    note = world.watch.note()
    assert note is not None
    assert "record of sale 3 is" in note
    assert "--entity-name shop-a.sale " in note
