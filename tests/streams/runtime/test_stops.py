"""A stage of which nearly everything fails: it stops, stays stopped, and goes on without losing anything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import structlog

from schemas.ids import MissingLink
from streams.errors import AliasMissing, DependencyMissing, Guarded, Rejected, Throttled, Unavailable
from streams.ports import FlowStop, JournalEntry, Outcome, Record
from streams.runtime.flood import KEYS, WINDOW
from streams.runtime.lanes import NotDone
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.stops import LOOK_SECONDS, NO_FLOW, FlowStops
from streams.runtime.work import Work
from tests.streams.runtime.stage_bench import GROUP, LINK, Bench, assigned_bench
from tests.streams.runtime.workshop import turn
from tests.twins.kafka import envelope, record

PATIENCE = 30.0
"""What should not wait would wait for ever."""


class Shop:
    """A stage behind the stops of its group, as each worker has it; ``refuses`` is what its target answers."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.refuses: Exception | None = Rejected("order 42: store view 9 has no channel; add it", code="no_channel")
        self.told: list[tuple[str, bool]] = []
        self.numbers = iter(range(100_000))
        bench.handler.handle = self.handle  # type: ignore[method-assign]
        self.stops, self.stage = self.worker()

    def worker(self) -> tuple[FlowStops, Stage]:
        bench = self.bench
        stops = FlowStops(
            bench.store.stops,
            group=GROUP,
            target="pos",
            flow_of=lambda one: {"order": "order", "stock": "stock"}.get(one.entity, ""),
            clock=bench.clock,
            tell=lambda flow, stopped: self.told.append((flow, stopped)),
        )
        around = Surroundings(
            bench.queue, bench.store.journal, bench.publisher, bench.clock, bench.observer, guard=stops
        )
        return stops, Stage("deliver", bench.handler, around)

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        if self.refuses is not None and work.last.envelope.entity == "order":
            raise self.refuses.with_traceback(None)  # or it would grow with every try
        receipt = work.last.envelope.receipt_id
        self.bench.handler.done.append(receipt)
        return [work.entry(work.last, Outcome.DELIVERED, self.bench.clock.now())]

    def record(self, **changes: object) -> Record:
        number = next(self.numbers)
        return record(b"{}", envelope(f"r{number}", **changes), key=f"web:order:{number}")

    async def feed(self, count: int, stage: Stage | None = None, **changes: object) -> None:
        for _ in range(count):
            await (stage or self.stage).process([self.record(**changes)])

    def start(self, count: int, stage: Stage | None = None) -> list[asyncio.Task[None]]:
        """Work on more, each in its lane."""
        return [asyncio.create_task((stage or self.stage).process([self.record()])) for _ in range(count)]

    @property
    def held(self) -> int:
        return len(self.bench.held)

    @property
    def stopped(self) -> list[FlowStop]:
        return self.bench.store.stops.rows

    async def resume(self) -> None:
        (stop,) = self.stopped
        assert await self.bench.store.stops.resume(stop, by="ann", reason="mended")
        await self.stops.look()


@pytest.fixture
async def shop() -> Shop:
    made = Shop(await assigned_bench())
    await made.stops.look()
    return made


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged; to print it would take more time than all else."""
    with structlog.testing.capture_logs() as captured:
        yield captured


async def waiting(tasks: Sequence[asyncio.Task[None]]) -> int:
    await turn()
    return sum(not task.done() for task in tasks)


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_when_everything_fails_the_two_hundredth_waits_in_its_lane_and_is_not_held(
    shop: Shop, logs: list[MutableMapping[str, Any]]
) -> None:
    await shop.feed(WINDOW - 1)
    lanes = shop.start(5)
    assert await waiting(lanes) == 5
    assert shop.held == WINDOW - 1
    assert len(shop.bench.publisher.on("dead-letter.deliver")) == WINDOW - 1
    (stop,) = shop.stopped
    assert (stop.group, stop.flow, stop.target) == (GROUP, "order", "pos")
    (line,) = [line for line in logs if line["event"] == "flow_stopped"]
    assert line["log_level"] == "error"
    assert "200 of the last 200" in line["problem"]
    assert "such as: 000000042: order 42: store view 9 has no channel" in line["problem"]
    assert "tillstream resume order --target pos" in line["problem"]
    assert shop.stops.note() == line["problem"]
    assert shop.told == [("order", True)]
    await end(lanes)


async def test_a_resume_after_mending_loses_nothing(shop: Shop) -> None:
    await shop.feed(WINDOW - 1)
    lanes = shop.start(10)
    assert await waiting(lanes) == 10
    shop.refuses = None
    assert await waiting(lanes) == 10, "nothing goes before the resume"
    await shop.resume()
    await asyncio.gather(*lanes)
    assert len(shop.bench.handler.done) == 10
    assert shop.held == WINDOW - 1
    assert (shop.stops.note(), shop.told) == (None, [("order", True), ("order", False)])


async def test_a_resume_that_mended_nothing_stops_again_after_fifty_keys(shop: Shop) -> None:
    await shop.feed(WINDOW - 1)
    lanes = shop.start(KEYS + 20)
    await waiting(lanes)
    await shop.resume()
    assert await waiting(lanes) == 21
    assert shop.held == WINDOW - 1 + KEYS - 1
    assert len(shop.stopped) == 1
    await end(lanes)


async def test_half_of_all_failing_stops_nothing(shop: Shop) -> None:
    for _ in range(WINDOW):
        await shop.feed(1)
        await shop.feed(1, entity="stock")
        refuses, shop.refuses = shop.refuses, None
        await shop.feed(1)
        shop.refuses = refuses
    assert (shop.held, shop.stopped) == (WINDOW, [])


async def test_other_flows_of_the_worker_go_on(shop: Shop) -> None:
    await shop.feed(WINDOW - 1)
    lanes = shop.start(2)
    await waiting(lanes)
    await shop.feed(3, entity="stock")
    assert len(shop.bench.handler.done) == 3
    await end(lanes)


async def test_what_no_flow_takes_is_judged_against_everything_else(shop: Shop) -> None:
    for number in range(2 * WINDOW):
        async with asyncio.timeout(PATIENCE):
            await shop.stage.process([record(b"not ours", key="")])
        await shop.feed(number % 10 == 0, entity="stock")
    assert (shop.held, shop.stopped) == (2 * WINDOW, [])


async def test_a_topic_full_of_what_is_not_ours_stops_by_itself(shop: Shop) -> None:
    lanes = [asyncio.create_task(shop.stage.process([record(b"not ours", key="")])) for _ in range(WINDOW + 5)]
    assert await waiting(lanes) == 6
    assert [stop.flow for stop in shop.stopped] == [NO_FLOW]
    await shop.resume()
    await asyncio.gather(*lanes)
    assert shop.held == WINDOW + 5


@pytest.mark.parametrize(
    "parked",
    [Throttled("slow down", retry_after=3600), DependencyMissing("not linked yet", waits_for=MissingLink(LINK))],
)
async def test_what_waits_for_a_time_or_a_link_is_no_failure(shop: Shop, parked: Exception) -> None:
    shop.refuses = parked
    await shop.feed(2 * WINDOW)
    assert (shop.held, shop.stopped) == (2 * WINDOW, [])


async def test_what_a_guard_holds_is_no_failure_however_much_it_is(shop: Shop) -> None:
    shop.refuses = Guarded("all would be set to zero stock")
    await shop.feed(2 * WINDOW)
    assert (shop.held, shop.stopped) == (2 * WINDOW, [])


async def test_what_waits_for_an_alias_is_one(shop: Shop) -> None:
    shop.refuses = AliasMissing("order 42 has SKU 'A'", sku="A")
    await shop.feed(WINDOW - 1)
    lanes = shop.start(1)
    assert await waiting(lanes) == 1
    await end(lanes)


async def test_a_persons_replays_do_not_count_and_are_not_kept(shop: Shop) -> None:
    await shop.feed(WINDOW - 1)
    held = list(shop.bench.store.held.rows.values())
    for row in held:
        row.held = replace(row.held, replays=1)
    async with asyncio.timeout(PATIENCE):
        for row in held:
            assert await shop.stage.process_held(row.held) is False
    assert shop.stopped == []
    lanes = shop.start(1)
    assert await waiting(lanes) == 1
    assert await shop.stage.process_held(shop.bench.held[0]) is False, "it is tried, although the flow is stopped"
    shop.refuses = None
    assert await shop.stage.process_held(shop.bench.held[0]) is True
    await end(lanes)


async def test_a_restart_stays_stopped(shop: Shop) -> None:
    await shop.feed(WINDOW - 1)
    lanes = shop.start(1)
    await waiting(lanes)
    await end(lanes)
    shop.refuses = None
    stops, stage = shop.worker()
    lanes = shop.start(3, stage)
    assert await waiting(lanes) == 3, "nothing begins before it is known what is stopped"
    await stops.look()
    assert await waiting(lanes) == 3
    assert shop.bench.handler.done == []
    assert "tillstream resume order" in (stops.note() or "")
    await shop.resume()
    await stops.look()
    await asyncio.gather(*lanes)


async def test_the_second_worker_of_the_group_stops_too(shop: Shop) -> None:
    other, stage = shop.worker()
    await other.look()
    await shop.feed(WINDOW - 1)
    lanes = shop.start(1)
    await waiting(lanes)
    following = asyncio.create_task(other.follow())
    await turn()
    assert shop.bench.clock.slept[-1] == LOOK_SECONDS
    more = shop.start(3, stage)
    assert await waiting(more) == 3
    assert shop.held == WINDOW - 1
    await end([following, *lanes, *more])


async def test_a_stop_while_the_store_is_down_holds_at_once_and_is_written_later(shop: Shop) -> None:
    write, down = shop.bench.store.stops.stop, True

    async def away(stop: FlowStop) -> None:
        if down:
            raise Unavailable("the store is away")
        await write(stop)

    shop.bench.store.stops.stop = away  # type: ignore[method-assign]
    await shop.feed(WINDOW - 1)
    lanes = shop.start(2)
    assert await waiting(lanes) == 2
    await shop.stops.look()
    assert (await waiting(lanes), shop.stopped) == (2, [])
    down = False
    await shop.stops.look()
    assert (await waiting(lanes), len(shop.stopped)) == (2, 1)
    await end(lanes)


async def test_partitions_that_go_are_given_up_unfinished_while_stopped(shop: Shop) -> None:
    await shop.feed(WINDOW - 1)
    lanes = [*shop.start(1), asyncio.create_task(shop.stage.process([record(b"not ours")]))]
    await waiting(lanes)
    shop.bench.queue.claims.leaving([("t", 0)])
    with pytest.raises(NotDone):
        await lanes[0]
    await end(lanes)
