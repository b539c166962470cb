"""The drain of held events: a turn that waits keeps only its own key back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from schemas.ids import MissingLink, Ref
from streams.errors import DependencyMissing, Transient, Unavailable
from streams.ports import HeldRecord, Record
from tests.streams.runtime.stage_bench import GROUP, LINK, Bench, assigned_bench
from tests.twins.kafka import envelope, record
from tests.twins.lanes import in_lane


@pytest.fixture
async def bench() -> Bench:
    return await assigned_bench()


async def test_a_slow_turn_does_not_stop_other_keys(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    bench.handler.fail["r2"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    await bench.feed("r1")
    await bench.stage.process([record(b"{}", envelope("r2"), key="web:order:43")])
    bench.handler.fail.clear()
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    stuck = asyncio.Event()

    async def in_lane(_topic: str, key: bytes, work: Callable[[], Awaitable[None]]) -> None:
        if key == b"web:order:42":
            await stuck.wait()
        await work()

    draining = asyncio.create_task(bench.queue.drain(in_lane, bench.stage.process_held))
    for _ in range(200):
        await asyncio.sleep(0)
    draining.cancel()
    assert bench.handler.done == ["r2"]


class StuckLanes:
    """Turns of the topics that stand still are asked for and do not come."""

    def __init__(self, *topics: str) -> None:
        self.topics = topics
        self.asked: list[bytes] = []

    async def __call__(self, topic: str, key: bytes, work: Callable[[], Awaitable[None]]) -> None:
        self.asked.append(key)
        if topic in self.topics:
            await asyncio.Event().wait()
        await work()


async def park(bench: Bench, topic: str, count: int) -> list[Record]:
    """As many events of that topic, each of its own key, and all due."""
    sent = [replace(record(b"{}", envelope(f"r{n}"), key=f"{topic}:{n}"), topic=topic) for n in range(count)]
    for n, one in enumerate(sent):
        bench.handler.fail[f"r{n}"] = [Transient("500")]
        await bench.stage.process([one])
    bench.handler.fail.clear()
    bench.clock.move(3600)
    return sent


async def looks() -> None:
    """Time for some looks at the table."""
    for _ in range(50):
        await asyncio.sleep(0)


@asynccontextmanager
async def draining(bench: Bench, lanes: StuckLanes) -> AsyncIterator[None]:
    task = asyncio.create_task(bench.queue.drain(lanes, bench.stage.process_held))
    await looks()
    yield
    assert not task.done()
    task.cancel()


async def test_turns_that_wait_keep_neither_other_topics_nor_what_was_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.runtime.holding.DUE_AT_ONCE", 3)
    await bench.queue.assigned([("t", 0), ("u", 0)])
    waiting, lanes = await park(bench, "t", 6), StuckLanes("t")
    async with draining(bench, lanes):
        assert lanes.asked == [b"t:0", b"t:1", b"t:2"], "the others wait for room"
        for one in waiting[-2:]:
            bench.store.held.give_up(GROUP, one, "given up by ann")
        await looks()
        assert lanes.asked[3:] == [b"t:4", b"t:5"]
        await park(bench, "u", 1)
        await looks()
        assert lanes.asked[5:] == [b"u:0"]
        assert bench.handler.done == ["r0"]


async def test_events_that_become_due_later_have_their_turns_while_earlier_ones_wait_for_theirs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.runtime.holding.DUE_AT_ONCE", 3)
    (_, given_up) = await park(bench, "t", 2)
    bench.store.held.give_up(GROUP, given_up, "given up by ann")
    lanes = StuckLanes("t")
    async with draining(bench, lanes):
        assert lanes.asked == [b"t:1", b"t:0"]
        for late in ("late", "later"):
            bench.handler.fail[late] = [Transient("500")]
            await bench.stage.process([record(b"{}", envelope(late), key=late)])
        bench.clock.move(3600)
        await looks()
        assert lanes.asked[2:] == [b"late", b"later"]


async def test_the_drain_goes_on_when_the_store_comes_back(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    await bench.feed("r1")
    bench.handler.fail.clear()
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    due, failures = bench.store.held.due, 3

    async def away(*args: object) -> Sequence[HeldRecord]:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("the store is away")
        return await due(*args)  # type: ignore[arg-type]

    bench.store.held.due = away  # type: ignore[method-assign, assignment]

    draining = asyncio.create_task(bench.queue.drain(in_lane, bench.stage.process_held))
    for _ in range(1000):
        await asyncio.sleep(0)
    draining.cancel()
    assert bench.handler.done == ["r1"]
