"""The commands for offsets, on a real Kafka and a real store: what they tell, what they change, what they refuse."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import SystemClock
from app.commands import offsets as command
from app.commands import offsets_after_loss
from app.offsets.kafka import set_offsets
from app.offsets.kept import OffsetsKeeper
from app.offsets.plan import MARGIN, Beginning
from app.polling.cursor import cursor_time, written_cursor
from app.polling.turns import Turns
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


async def test_after_an_older_store_came_back_a_group_reads_again_what_that_store_has_not_seen(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await commit(world.topics, world.topic, 2)
    turns = Turns(world.store.cursors, world.store.leases, "a poller")
    await OffsetsKeeper(world.settings.kafka, (world.group,), turns, SystemClock(), 5.0).once()
    await world.work(Stage())

    assert await offsets_after_loss.restored(world.settings, None, apply=False) == 0
    told = capsys.readouterr().out
    assert f"{world.group}: reads 4 records again, on 1 partitions." in told
    assert "pos.inventory.snapshot" in told
    assert await world.offset() == 6

    assert await offsets_after_loss.restored(world.settings, None, apply=True) == 0
    assert await world.offset() == 2
    stage = Stage()
    async with running(made(world.topics, world.topic, stage)):
        await eventually(lambda: stage.seen == [2, 3, 4, 5])
    assert await world.store.cursors.get("pos.inventory.snapshot") == written_cursor(offsets_after_loss.NEVER)


async def test_a_store_that_does_not_say_where_the_groups_stood_needs_the_time_of_its_backup(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.work(Stage())
    with pytest.raises(Rejected, match="--since"):
        await offsets_after_loss.restored(world.settings, None, apply=True)
    assert await offsets_after_loss.restored(world.settings, datetime.now(UTC) + 2 * MARGIN, apply=True) == 0
    assert "it goes on where it is" in capsys.readouterr().out
    assert await world.offset() == 6
    # a day before: from the first
    assert await offsets_after_loss.restored(world.settings, datetime.now(UTC), apply=True) == 0
    assert await world.offset() == 0


async def test_nothing_goes_back_while_somebody_works(world: World) -> None:
    stuck = Stage()
    async with running(made(world.topics, world.topic, stuck)):
        await eventually(lambda: _is(world, 6))
        with pytest.raises(Rejected, match="stop them all first"):
            await offsets_after_loss.restored(world.settings, datetime.now(UTC), apply=True)
    assert await world.offset() == 6


async def test_what_kafka_no_longer_has_is_told_and_left_to_the_repair(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await commit(world.topics, world.topic, 2)
    turns = Turns(world.store.cursors, world.store.leases, "a poller")
    await OffsetsKeeper(world.settings.kafka, (world.group,), turns, SystemClock(), 5.0).once()
    await world.work(Stage())
    await delete_before(world.topics, world.topic, 5)
    assert await offsets_after_loss.restored(world.settings, None, apply=True) == 0
    assert f"`tillstream offsets repair {world.group}`" in capsys.readouterr().out
    with pytest.raises(OffsetsLost):
        await made(world.topics, world.topic, Stage()).run(asyncio.Event())


async def test_after_kafka_was_lost_every_list_is_read_again_from_then_on(world: World) -> None:
    since = datetime(2026, 11, 1, tzinfo=UTC)
    await world.store.cursors.set(FEED, written_cursor(datetime.now(UTC)), previous=None)
    assert await offsets_after_loss.reread(world.settings, since, apply=False) == 0
    assert await world.cursor() != since
    assert await offsets_after_loss.reread(world.settings, since, apply=True) == 0
    assert await world.cursor() == since


async def test_a_group_that_is_not_known_is_told_with_those_that_are(world: World) -> None:
    with pytest.raises(Rejected, match=rf"no group is called 'x' \(known: {world.group}\)"):
        await command.show(world.settings, "x")
