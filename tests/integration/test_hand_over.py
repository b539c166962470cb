"""A whole stage on a real Kafka is stopped, or loses its partitions, at a bad moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from app.clock import SystemClock
from schemas.ids import MissingLink, Ref
from streams.errors import DependencyMissing, TillstreamError, Unavailable
from streams.ports import JournalEntry, Outcome
from streams.runtime.app import StageApp
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Lanes
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Work
from streams.runtime.worker import StageWorker
from tests.integration.runtime_world import committed, never_ends, settings
from tests.kafka_broker import Topics
from tests.twins.kafka import Counting, MemoryPublisher, envelope
from tests.twins.store import MemoryStore
from tests.waiting import eventually


class Target:
    """A handler whose target is down, or refuses, until it is up."""

    def __init__(self) -> None:
        self.answer: TillstreamError | None = None
        self.answers: dict[str, TillstreamError] = {}
        self.tried: set[str] = set()
        self.done: list[str] = []

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        receipt = work.last.envelope.receipt_id
        self.tried.add(receipt)
        if answer := self.answers.get(receipt, self.answer):
            raise answer
        self.done.append(receipt)
        return [work.entry(work.last, Outcome.DELIVERED, SystemClock().now())]

    def blocks(self, work: Work) -> bool:
        return True


class World:
    """One topic, one store, and as many workers as are started."""

    def __init__(self, topics: Topics, topic: str) -> None:
        self.topics = topics
        self.topic = topic
        self.target = Target()
        self.store = MemoryStore(SystemClock())
        self.publisher = MemoryPublisher()

    async def tell(self, count: int, *, partition: int = 0, **changes: object) -> None:
        """Publish that many events, each of its own key."""
        producer = AIOKafkaProducer(bootstrap_servers=self.topics.bootstrap_servers, acks="all")
        await producer.start()
        for number in range(count):
            headers = envelope(f"r{number}", **changes).to_headers()
            await producer.send(self.topic, b"{}", key=b"%d" % number, headers=headers, partition=partition)
        await producer.stop()

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[asyncio.Task[None]]:
        """A worker at work; stopped at the end as by SIGTERM."""
        app = StageApp(
            group=self.topics.prefix,
            kafka=settings(self.topics.bootstrap_servers),
            drain_seconds=5.0,
            end_process=never_ends,
        )
        queue = HeldQueue(self.store.held, group=self.topics.prefix, owner="test", clock=SystemClock())
        around = Surroundings(queue, self.store.journal, self.publisher, SystemClock(), Counting())
        stage = Stage("deliver", self.target, around)
        lanes = {self.topic: Lanes(stage.process, width=8, capacity=100, on_failure=app.fail)}
        stop = asyncio.Event()
        running = asyncio.create_task(StageWorker(app, stage, queue, lanes, drain_seconds=5.0).run(stop))
        try:
            yield running
        finally:
            stop.set()
            await running

    async def committed(self, partition: int = 0) -> int | None:
        return await committed(self.topics.bootstrap_servers, self.topics.prefix, self.topic, partition)


async def test_a_stop_in_an_outage_commits_nothing_that_is_unfinished_and_takes_no_drain(kafka_topics: Topics) -> None:
    world = World(kafka_topics, await kafka_topics.create())
    world.target.answer = Unavailable("pos cannot be reached")
    await world.tell(8)
    async with world.worker():
        await eventually(lambda: len(world.target.tried) == 8)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 4.0
    assert await world.committed() in (None, 0)
    world.target.answer = None
    async with world.worker():
        await eventually(lambda: len(world.target.done) == 8)
    assert await world.committed() == 8


async def test_a_held_event_that_ended_behind_a_stuck_one_does_not_happen_again_after_a_restart(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.runtime.holding.TIDY_SECONDS", 0.1)
    world = World(kafka_topics, await kafka_topics.create())
    link = Ref("pos", "order", "17")
    world.target.answers["r0"] = Unavailable("pos cannot be reached")
    world.target.answers["r1"] = DependencyMissing("later", waits_for=MissingLink(link))
    await world.tell(2)
    async with world.worker():
        await eventually(lambda: len(world.store.held.records) == 1)
        del world.target.answers["r1"]
        await world.store.links.insert(link, Ref("web", "order", "42"))
        await eventually(lambda: world.target.done == ["r1"])
    assert await world.committed() in (None, 0)
    assert world.store.held.ended
    world.target.answers.clear()
    async with world.worker():
        await eventually(lambda: not world.store.held.ended)
        assert await world.committed() == 2
    assert world.target.done == ["r1", "r0"]


async def test_a_record_of_a_newer_version_stops_its_partition_and_no_other_until_the_worker_is_upgraded(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(kafka_topics, await kafka_topics.create(partitions=2))
    await world.tell(3)
    await world.tell(1, schema_version=99)
    await world.tell(5)
    async with world.worker() as running:
        await eventually(lambda: len(world.target.done) == 3)
        await world.tell(4, partition=1)
        await eventually(lambda: len(world.target.done) == 7)
        assert not running.done()
    assert (await world.committed(0), await world.committed(1)) == (3, 4)
    monkeypatch.setattr("streams.runtime.stage.SCHEMA_VERSION", 99)
    async with world.worker():
        await eventually(lambda: len(world.target.done) == 13)
    assert await world.committed(0) == 9
