"""The commands for offsets, on a real Kafka and a real store: what they tell, what they change, what they refuse."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.commands import offsets as command
from app.offsets.kafka import set_offsets
from app.offsets.plan import MARGIN, Beginning
from app.polling.cursor import cursor_time, written_cursor
from app.settings import Settings
from app.store import Store
from streams import groups
from streams.errors import Rejected
from streams.runtime.starting import OffsetsLost
from tests.integration.runtime_world import committed, produce
from tests.integration.stage_world import Stage, commit, delete_before, made, running
from tests.kafka_broker import Topics
from tests.waiting import eventually

FEED = "pos.order"


@dataclass
class World:
    """A group that reads one topic of two partitions, with six records in the first, and a point of sale."""

    topics: Topics
    topic: str
    settings: Settings
    store: Store

    @property
    def group(self) -> str:
        return self.topics.prefix

    async def work(self, stage: Stage) -> None:
        """A worker that does all there is."""
        async with running(made(self.topics, self.topic, stage)):
            await eventually(lambda: _is(self, 6))

    async def offset(self, partition: int = 0) -> int | None:
        return await committed(self.topics.bootstrap_servers, self.group, self.topic, partition)

    async def cursor(self) -> datetime | None:
        stored = await self.store.cursors.get(FEED)
        return None if stored is None else cursor_time(stored)


async def _is(world: World, offset: int) -> bool:
    return await world.offset() == offset


@pytest.fixture
async def world(kafka_topics: Topics, store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch) -> World:
    topic = await kafka_topics.create(partitions=2)
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(6)])
    monkeypatch.setattr(groups, "consumed", lambda _connections: {kafka_topics.prefix: (topic,)})
    monkeypatch.setenv("TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS", kafka_topics.bootstrap_servers)
    monkeypatch.setenv("TILLSTREAM_STORE__URL", store_url)
    for name, value in {"SYSTEM": "heartland", "BASE_URL": "http://pos.example", "CLIENT_ID": "a"}.items():
        monkeypatch.setenv(f"TILLSTREAM_CONNECTIONS__POS__{name}", value)
    monkeypatch.setenv("TILLSTREAM_CONNECTIONS__POS__CLIENT_SECRET", "b")
    return World(kafka_topics, topic, Settings.load(), store)


async def test_a_group_that_can_go_on_is_left_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await commit(world.topics, world.topic, 2)
    assert await command.show(world.settings, world.group) == 0
    assert await command.repair(world.settings, world.group, None, apply=True) == 0
    assert "nothing to repair" in capsys.readouterr().out
    assert await world.offset() == 2


async def test_a_worker_that_lost_records_goes_on_after_the_repair_and_the_poller_reads_them_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    began = datetime.now(UTC)
    await world.work(Stage())
    await produce(world.topics.bootstrap_servers, world.topic, [b"6", b"7", b"8"])
    await delete_before(world.topics, world.topic, 8)
    await world.store.cursors.set(FEED, written_cursor(datetime.now(UTC)), previous=None)
    with pytest.raises(OffsetsLost):
        await made(world.topics, world.topic, Stage()).run(asyncio.Event())

    assert await command.show(world.settings, world.group) == 1
    told = capsys.readouterr().out
    assert f"{world.topic} 0 is processed up to offset 6, but its log starts at 8" in told
    assert "at most 2 records are gone, of the time from" in told
    assert f"tillstream offsets repair {world.group}" in told

    before = await world.cursor()
    assert await command.repair(world.settings, world.group, None, apply=False) == 0
    told = capsys.readouterr().out
    assert f"{world.topic} 0: 6 -> 8" in told
    (feeds,) = re.findall("the poller reads (.*) again from", told)
    assert {"pos.inventory", "pos.order", "pos.payment", "pos.product"} <= set(feeds.split(", "))
    assert (await world.offset(), await world.cursor()) == (6, before)

    assert await command.repair(world.settings, world.group, None, apply=True) == 0
    cursor = await world.cursor()
    assert cursor is not None
    assert began - MARGIN - timedelta(minutes=1) < cursor < datetime.now(UTC) - MARGIN
    stage = Stage()
    async with running(made(world.topics, world.topic, stage)):
        await eventually(lambda: stage.seen == [8])


async def test_a_loss_of_unknown_time_is_repaired_only_when_told_from_when_on(world: World) -> None:
    await commit(world.topics, world.topic, 2)  # as Kafka's own tools do it: without a time
    await delete_before(world.topics, world.topic, 4)
    with pytest.raises(Rejected, match="--since"):
        await command.repair(world.settings, world.group, None, apply=True)
    assert (await world.offset(), await world.cursor()) == (2, None)
    since = datetime(2026, 11, 1, tzinfo=UTC)
    assert await command.repair(world.settings, world.group, since, apply=True) == 0
    assert (await world.offset(), await world.cursor()) == (4, since)


async def test_offsets_and_cursors_are_not_touched_while_somebody_works_in_the_group(world: World) -> None:
    stuck = Stage()
    stuck.by_itself = False
    async with running(made(world.topics, world.topic, stuck)):
        await eventually(lambda: stuck.seen == [0, 1, 2, 3, 4, 5])
        await eventually(lambda: _is(world, 0))
        await delete_before(world.topics, world.topic, 4)
        with pytest.raises(Rejected, match=r"still has workers \(1\): stop them all first"):
            await command.repair(world.settings, world.group, datetime(2026, 11, 1, tzinfo=UTC), apply=True)
        with pytest.raises(Rejected, match="stop them all first"):  # Kafka refuses too, whoever came meanwhile
            await set_offsets(world.settings.kafka, world.group, {(world.topic, 0): 4})
        assert (await world.offset(), await world.cursor()) == (0, None)


@pytest.mark.parametrize(("at", "seen"), [(Beginning.EARLIEST, [4, 5, 6]), (Beginning.LATEST, [6])])
async def test_a_new_group_on_an_old_topic_begins_where_it_is_told_to(
    world: World, at: Beginning, seen: list[int]
) -> None:
    await delete_before(world.topics, world.topic, 4)
    assert await command.start(world.settings, world.group, at) == 0
    await produce(world.topics.bootstrap_servers, world.topic, [b"6"])
    stage = Stage()
    async with running(made(world.topics, world.topic, stage)):
        await eventually(lambda: stage.seen == seen)


async def test_a_group_that_is_not_known_is_told_with_those_that_are(world: World) -> None:
    with pytest.raises(Rejected, match=rf"no group is called 'x' \(known: {world.group}\)"):
        await command.show(world.settings, "x")
