"""The gate in front of a stage: an outage costs time, fills no table, and is the matter of one target only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from streams.deliver.breaker import State
from streams.deliver.gate import ALONE, Gate
from streams.errors import AuthFailed, OutcomeUnknown, Throttled, TillstreamError, Transient, Unavailable
from streams.ports import JournalEntry, Outcome, Record
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Lanes, NotDone
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Work
from tests.twins.kafka import Counting, MemoryPublisher, envelope, record
from tests.twins.loop import LoopClock, run_in_no_time
from tests.twins.store import MemoryStore

TEN_MINUTES = 600.0
WIDTH = 8


@dataclass
class Target:
    """A system behind an HTTP client: each call is one request, of which the client tells the gate."""

    clock: LoopClock
    gate: Gate
    seconds: float = 0.05
    down_until: float = 0.0
    error: type[TillstreamError] = Unavailable
    throttle: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    async def call(self, subject: str) -> None:
        now = self.clock.monotonic()
        self.asked.append(now)
        self.gate.sent()
        await asyncio.sleep(self.seconds)
        if now < self.down_until:
            if self.error is not AuthFailed:
                self.gate.failed("no connection.", subject, down=True)
            raise self.error("no connection.")
        if self.throttle:
            retry_after = self.throttle.pop(0)
            self.gate.throttled(retry_after)
            raise Throttled("slow down", retry_after=retry_after)
        self.gate.answered()
        self.made.append(subject)


class World:
    """A stage on lanes before one target."""

    def __init__(self, name: str = "pos", *, rate: float = 0.0, burst: float = 1.0) -> None:
        self.name = name
        self.clock = LoopClock()
        self.gate = Gate(
            name, requests_per_second=rate, burst=burst, chance=lambda: 0.5, monotonic=self.clock.monotonic
        )
        self.target = Target(self.clock, self.gate)
        self.store, self.publisher, self.observer = MemoryStore(self.clock), MemoryPublisher(), Counting()
        self.queue = HeldQueue(self.store.held, group=name, owner="test", clock=self.clock)
        around = Surroundings(
            self.queue,
            self.store.journal,
            self.publisher,
            self.clock,
            self.observer,
            lambda _arrival: self.gate,
            chance=lambda: 0.5,
        )
        self.stage = Stage("deliver", self, around)
        self.failures: list[BaseException] = []
        self.lanes = Lanes(self.stage.process, width=WIDTH, capacity=20, on_failure=self.failures.append)
        self.done: list[str] = []

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        work.target = self.name
        (arrival,) = work.arrivals
        await self.target.call(arrival.envelope.receipt_id)
        return [work.entry(arrival, Outcome.DELIVERED, self.clock.now())]

    def blocks(self, work: Work) -> bool:
        return True

    async def feed(self, events: int, *, keys: int = WIDTH) -> None:
        await self.queue.assigned([("t", 0)])
        for n in range(events):
            await self.give(record(b"{}", envelope(f"{n}"), key=f"web:order:{n % keys}"))

    async def give(self, one: Record) -> None:
        async def done() -> None:
            self.done.append(one.key.decode())

        await self.lanes.submit(one, one.key, done)

    async def end(self) -> None:
        assert await self.lanes.drain(3 * TEN_MINUTES)
        assert self.failures == []


def in_order(made: list[str], keys: int = WIDTH) -> bool:
    return all(
        [n for n in made if int(n) % keys == key] == sorted((n for n in made if int(n) % keys == key), key=int)
        for key in range(keys)
    )


@pytest.mark.parametrize("error", [Unavailable, Transient, OutcomeUnknown, AuthFailed])
def test_an_outage_of_ten_minutes_costs_a_few_probes_and_holds_nothing_then_drains_in_order_at_the_rate(
    error: type[TillstreamError],
) -> None:
    async def scene() -> None:
        world = World(rate=10.0)
        world.target.down_until, world.target.error = TEN_MINUTES, error
        await asyncio.gather(world.feed(60), _seen_in_the_middle(world))
        await world.end()
        asked = world.target.asked
        assert len([moment for moment in asked if moment < TEN_MINUTES]) <= WIDTH + 60
        assert world.store.held.records == []
        assert world.publisher.on("dead-letter.deliver") == []
        assert sorted(world.target.made, key=int) == [str(n) for n in range(60)]
        assert in_order(world.target.made)
        back = [moment for moment in asked if moment >= TEN_MINUTES]
        assert back[0] <= TEN_MINUTES + 61.0
        assert len(back) / (back[-1] - back[0]) == pytest.approx(10.0, rel=0.1)
        assert world.gate.state is State.CLOSED

    async def _seen_in_the_middle(world: World) -> None:
        await asyncio.sleep(TEN_MINUTES / 2)
        assert world.gate.state in (State.OPEN, State.STOPPED, State.HALF_OPEN)
        assert world.gate.rate == 0.0
        assert "pos is paused: no connection." in (world.gate.note() or "")
        assert world.lanes.pending == 20  # and the rest waits in Kafka
        assert world.target.made == []

    run_in_no_time(scene())


def test_recovery_without_a_limit_is_as_fast_as_the_lanes() -> None:
    async def scene() -> None:
        world = World()
        world.target.down_until = 60.0
        await world.feed(200)
        await world.end()
        assert world.clock.monotonic() < 60.0 + 31.0 + 200 / WIDTH * 0.05 + 1.0

    run_in_no_time(scene())


def test_a_429_in_one_lane_slows_all_lanes_and_holds_nothing() -> None:
    async def scene() -> None:
        world = World(rate=20.0)
        world.target.throttle = [30.0]
        await world.feed(100)
        await world.end()
        asked = world.target.asked
        under_way = [moment for moment in asked if moment < 30.0]
        assert len(under_way) <= 2  # what had left when the answer came
        after = [moment for moment in asked if moment >= 30.0]
        at_half_the_rate = [moment for moment in after if moment < after[0] + 0.85]
        assert len(at_half_the_rate) == pytest.approx(9, abs=1)
        assert world.store.held.records == []
        assert in_order(world.target.made)

    run_in_no_time(scene())


@pytest.mark.parametrize(("retry_after", "heeded"), [(1.0, False), (None, False), (30.0, True)])
def test_a_single_429_among_good_answers_is_its_own_turns_matter(retry_after: float | None, heeded: bool) -> None:
    async def scene() -> None:
        gate = Gate("pos", monotonic=LoopClock().monotonic)
        for _ in range(ALONE):
            gate.answered()
        gate.throttled(retry_after)
        assert gate.paused is heeded
        gate.throttled(retry_after)
        assert gate.paused, "the second one follows too closely"

    run_in_no_time(scene())


def test_the_rate_holds_whatever_the_lanes_ask_for() -> None:
    async def scene() -> None:
        world = World(rate=5.0, burst=3.0)
        await world.feed(50)
        await world.end()
        asked = world.target.asked
        for first, start in enumerate(asked):
            in_a_second = [moment for moment in asked[first:] if moment < start + 1.0]
            assert len(in_a_second) <= 3 + 5 + 1
        assert world.clock.monotonic() == pytest.approx(47 / 5.0, abs=0.3)

    run_in_no_time(scene())


def test_a_store_that_is_down_opens_nothing() -> None:
    async def scene() -> None:
        world = World()
        calls = 0

        async def away(work: Work) -> Sequence[JournalEntry]:
            nonlocal calls
            calls += 1
            if calls <= 100:
                raise Unavailable("PostgreSQL is away", code="store_unreachable")
            return await world.handle(work)

        world.stage._handler = _Handler(away)
        await world.feed(20)
        await world.end()
        assert world.gate.state is State.CLOSED
        assert len(world.target.made) == 20

    with capture_logs() as logs:
        run_in_no_time(scene())
    assert not [line for line in logs if line["event"].startswith("target_")]


def test_another_targets_gate_and_pace_are_untouched() -> None:
    async def scene() -> None:
        pos, web = World("pos"), World("web")
        pos.target.down_until = TEN_MINUTES
        await asyncio.gather(pos.feed(20), web.feed(200))
        await web.end()
        assert web.clock.monotonic() == pytest.approx(200 / WIDTH * 0.05, abs=0.1)
        assert (web.gate.state, pos.gate.state) == (State.CLOSED, State.OPEN)
        await pos.end()

    run_in_no_time(scene())


def test_turns_that_wait_give_up_when_their_partition_is_about_to_go() -> None:
    async def scene() -> None:
        world = World()
        world.target.down_until = TEN_MINUTES
        await world.feed(20)
        await asyncio.sleep(60.0)
        world.lanes.drop_unstarted([("t", 0)])
        world.queue.claims.leaving([("t", 0)])
        assert await world.lanes.drain(0.5)
        assert (world.done, world.target.made, world.store.held.records) == ([], [], [])

    run_in_no_time(scene())


def test_what_waits_for_a_token_gives_it_back_when_it_is_not_wanted_any_more() -> None:
    async def scene() -> None:
        world, wanted = World(rate=0.1), [True]
        gate = world.gate

        async def turn() -> None:
            async with gate.turn(lambda: wanted[0], world.queue.claims.pause):
                gate.sent()

        await turn()
        waiting = asyncio.create_task(turn())
        await asyncio.sleep(1.0)
        wanted[0] = False
        with pytest.raises(NotDone):
            await waiting
        wanted[0] = True
        await turn()
        assert world.clock.monotonic() == pytest.approx(10.0)

    run_in_no_time(scene())


def test_a_turn_that_is_cancelled_while_it_waits_blocks_nobody() -> None:
    async def scene() -> None:
        world = World(rate=0.1)
        gate = world.gate

        async def turn() -> None:
            async with gate.turn(lambda: True, world.queue.claims.pause):
                gate.sent()

        await turn()
        waiting = asyncio.create_task(turn())
        await asyncio.sleep(1.0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await turn()
        assert world.clock.monotonic() == pytest.approx(10.0)

    run_in_no_time(scene())


def test_a_turn_that_sends_nothing_costs_no_budget() -> None:
    async def scene() -> None:
        world = World(rate=1.0)
        for _ in range(100):
            async with world.gate.turn(lambda: True, world.queue.claims.pause):
                pass
        assert world.clock.monotonic() == 0.0

    run_in_no_time(scene())


def test_requests_beyond_a_turns_first_are_paid_by_the_turns_behind_it() -> None:
    async def scene() -> None:
        world = World(rate=10.0)
        for _ in range(10):
            async with world.gate.turn(lambda: True, world.queue.claims.pause):
                for _ in range(3):
                    world.gate.sent()
        assert world.clock.monotonic() == pytest.approx(2.7)

    run_in_no_time(scene())


def test_a_worker_has_its_part_of_the_rate() -> None:
    async def scene() -> None:
        world = World(rate=16.0)
        world.gate.owns(4, 16)
        assert world.gate.rate == 4.0
        world.gate.owns(0, 16)
        world.gate.owns(8, 16)
        await asyncio.sleep(5.0)
        assert world.gate.rate == 4.0
        await asyncio.sleep(5.0)
        assert world.gate.rate == 8.0

    run_in_no_time(scene())


def test_an_operator_is_told_what_happened_and_what_to_do() -> None:
    async def scene() -> None:
        world = World()
        world.target.down_until = 30.0
        world.target.throttle = [5.0]
        await world.feed(20)
        await world.end()

    with capture_logs() as logs:
        run_in_no_time(scene())
    told = {line["event"]: line for line in logs if line["event"].startswith("target_")}
    assert "nothing needs to be replayed" in told["target_paused"]["problem"]
    assert "is back" in told["target_resumed"]["problem"]
    assert 25.0 < told["target_resumed"]["paused_seconds"] < 62.0
    assert "connections.pos.budget.requests_per_second" in told["target_asks_for_less"]["problem"]


def test_refused_credentials_are_an_error_for_the_operator_and_one_request_a_minute() -> None:
    async def scene() -> None:
        world = World()
        world.target.down_until, world.target.error = TEN_MINUTES, AuthFailed
        await world.feed(20)
        await world.end()
        assert len([moment for moment in world.target.asked if 1.0 < moment < TEN_MINUTES]) <= 10

    with capture_logs() as logs:
        run_in_no_time(scene())
    (told,) = [line for line in logs if line["event"] == "target_refuses_us"]
    assert told["log_level"] == "error"
    (resumed,) = [line for line in logs if line["event"] == "target_resumed"]
    assert TEN_MINUTES - 5 < resumed["paused_seconds"] < TEN_MINUTES + 65


@dataclass
class _Handler:
    run: object

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        return await self.run(work)  # type: ignore[operator, no-any-return]

    def blocks(self, work: Work) -> bool:
        return True
