"""The frame: every record ends in the journal or in the held table, in order, whatever its handler does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from schemas.dead_letter import DeadLetter
from schemas.ids import Ref
from streams.errors import AliasMissing, DependencyMissing, Rejected, Transient, Unavailable
from streams.ports import HeldKey, HeldRecord, HoldReason, JournalEntry, Outcome, Outgoing, Record
from streams.runtime.holding import HeldQueue
from streams.runtime.stage import NewerSchema, Stage, Surroundings
from streams.runtime.work import Work
from tests.twins.clock import FakeClock
from tests.twins.kafka import Counting, MemoryPublisher, envelope, record
from tests.twins.store import MemoryStore

GROUP = "g"
LINK = Ref("pos", "order", "17")


class Scripted:
    """A handler that fails as it is told, by receipt id, and remembers what it did."""

    def __init__(self, clock: FakeClock, *, blocks: bool = True) -> None:
        self.clock = clock
        self.done: list[str] = []
        self.fail: dict[str, list[Exception]] = {}
        self._blocks = blocks

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        work.flow, work.step, work.target = "order", "create_order", "pos"
        for arrival in work.arrivals:
            planned = self.fail.get(arrival.envelope.receipt_id, [])
            if planned:
                raise planned[0] if len(planned) == 1 else planned.pop(0)
        self.done += [arrival.envelope.receipt_id for arrival in work.arrivals]
        return [work.entry(arrival, Outcome.DELIVERED, self.clock.now()) for arrival in work.arrivals]

    def blocks(self, work: Work) -> bool:
        return self._blocks


class Bench:
    """A stage with everything around it in memory."""

    def __init__(self, *, blocks: bool = True) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.publisher = MemoryPublisher()
        self.observer = Counting()
        self.handler = Scripted(self.clock, blocks=blocks)
        self.restart()

    def restart(self) -> None:
        """A new process: memory is gone, the store stays."""
        self.queue = HeldQueue(self.store.held, group=GROUP, clock=self.clock)
        around = Surroundings(
            self.queue, self.store.journal, self.publisher, self.clock, self.observer, chance=lambda: 0.5
        )
        self.stage = Stage("deliver", self.handler, around)

    async def feed(self, *receipts: str) -> list[Record]:
        records = [record(b"{}", envelope(receipt)) for receipt in receipts]
        for one in records:
            await self.stage.process([one])
        return records

    async def drain(self) -> None:
        """One look at the held table, as the drain loop does it."""

        async def in_lane(_topic: str, _key: bytes, work: Callable[[], object]) -> None:
            await work()  # type: ignore[misc]

        turns: dict[tuple[str, int, int], asyncio.Task[None]] = {}
        await self.queue._start_due(turns, in_lane, self.stage.process_held)
        await asyncio.gather(*turns.values())

    @property
    def held(self) -> list[HeldRecord]:
        return self.store.held.records

    def outcomes(self, receipt: str) -> list[Outcome]:
        return [entry.outcome for entry in self.store.journal.entries if entry.receipt_id == receipt]


@pytest.fixture
async def bench() -> Bench:
    made = Bench()
    await made.queue.assigned([("t", 0)])
    return made


async def test_an_event_that_succeeds_is_in_the_journal_with_the_names_that_lead_to_its_code(bench: Bench) -> None:
    await bench.feed("r1")
    (entry,) = bench.store.journal.entries
    assert (entry.stage, entry.flow, entry.step, entry.target) == ("deliver", "order", "create_order", "pos")
    assert (entry.subject, entry.outcome) == ("000000042", Outcome.DELIVERED)
    assert bench.observer.entries == [entry]


async def test_a_passing_failure_is_tried_again_in_the_lane(bench: Bench) -> None:
    calls = iter([Transient("500"), Transient("500"), None])
    original = bench.handler.handle

    async def flaky(work: Work) -> Sequence[JournalEntry]:
        problem = next(calls)
        if problem is not None:
            raise problem
        return await original(work)

    bench.handler.handle = flaky  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.handler.done == ["r1"]
    assert len(bench.clock.slept) == 2
    assert bench.held == []


async def test_what_a_person_must_decide_is_held_and_dead_lettered_with_its_bytes_and_reason(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("order 000000042: total differs; look at it", code="total")]
    (sent,) = await bench.feed("r1")
    (row,) = bench.held
    assert (row.hold.reason, row.hold.message) == (HoldReason.PERSON, "order 000000042: total differs; look at it")
    assert row.record == sent
    (letter,) = bench.publisher.on("dead-letter.deliver")
    assert (letter.key, letter.value) == (sent.key, sent.value)
    told = DeadLetter.from_headers(dict(letter.headers))
    assert (told.stage, told.flow, told.step, told.target) == ("deliver", "order", "create_order", "pos")
    assert (told.error, told.code, told.topic, told.offset) == ("Rejected", "total", sent.topic, sent.offset)
    assert bench.outcomes("r1") == [Outcome.IN_REVIEW]


async def test_later_events_of_a_held_key_queue_behind_it_and_go_on_in_order(bench: Bench) -> None:
    bench.handler.fail["r1"] = [AliasMissing("SKU X", waits_for=Ref("web", "sku", "X"))]
    await bench.feed("r1", "r2", "r3")
    assert bench.handler.done == []
    bench.handler.fail.clear()
    await bench.store.links.insert(Ref("web", "sku", "X"), Ref("pos", "sku", "Y"))
    for _ in range(3):
        await bench.drain()
    assert bench.handler.done == ["r1", "r2", "r3"]
    assert bench.held == []


async def test_order_behind_a_held_event_survives_a_restart(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
    await bench.feed("r1")
    bench.restart()
    await bench.queue.assigned([("t", 0)])
    await bench.feed("r2")
    assert bench.handler.done == []
    bench.handler.fail.clear()
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    await bench.drain()
    await bench.drain()
    assert bench.handler.done == ["r1", "r2"]


async def test_a_key_flows_again_when_its_held_events_have_ended(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
    await bench.feed("r1")
    bench.handler.fail.clear()
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    await bench.drain()
    await bench.feed("r2")
    assert bench.handler.done == ["r1", "r2"]
    assert bench.held == []


async def test_a_dead_set_state_lets_later_events_pass(bench: Bench) -> None:
    bench = Bench(blocks=False)
    await bench.queue.assigned([("t", 0)])
    bench.handler.fail["r1"] = [Rejected("no")]
    await bench.feed("r1", "r2")
    assert bench.handler.done == ["r2"]
    assert [row.hold.receipt_id for row in bench.held] == ["r1"]


async def test_a_held_event_that_fails_again_stays_held_and_counts_its_tries(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
    await bench.feed("r1")
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    bench.handler.fail["r1"] = [Rejected("still wrong")]
    await bench.drain()
    (row,) = bench.held
    assert (row.hold.reason, row.hold.attempts) == (HoldReason.PERSON, 2)


async def test_a_fault_of_ours_costs_one_message_and_keeps_its_stack(bench: Bench) -> None:
    bench.handler.fail["r1"] = [ZeroDivisionError("oops")]
    await bench.feed("r1")
    await bench.stage.process([record(b"{}", envelope("r2"), key="web:order:43")])
    assert bench.handler.done == ["r2"]
    told = DeadLetter.from_headers(dict(bench.publisher.on("dead-letter.deliver")[0].headers))
    assert "ZeroDivisionError" in told.stack
    assert "fault in Tillstream itself" in told.message


async def test_a_record_without_an_envelope_goes_to_review_and_blocks_nothing(bench: Bench) -> None:
    await bench.stage.process([record(b"not ours")])
    await bench.feed("r2")
    (row,) = bench.held
    assert row.hold.error == "Malformed"
    assert "documented headers" in row.hold.message
    assert bench.handler.done == ["r2"]


async def test_a_held_record_without_an_envelope_stays_in_review_when_replayed(bench: Bench) -> None:
    await bench.stage.process([record(b"not ours")])
    (row,) = bench.held
    assert await bench.stage.process_held(row) is False
    assert len(bench.held) == 1


async def test_a_newer_schema_ends_the_worker_and_never_the_message(bench: Bench) -> None:
    with pytest.raises(NewerSchema, match="upgrade this worker"):
        await bench.stage.process([record(b"{}", envelope("r1", schema_version=99))])
    assert bench.held == []


async def test_a_hold_waits_while_kafka_or_the_store_is_down(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("no")]
    bench.publisher.down = 3
    await bench.feed("r1")
    assert len(bench.held) == 1
    assert len(bench.clock.slept) == 3


async def test_a_system_that_is_down_keeps_its_lane_and_holds_nothing(bench: Bench) -> None:
    failures = 40
    original = bench.handler.handle

    async def down(work: Work) -> Sequence[JournalEntry]:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("pos cannot be reached")
        return await original(work)

    bench.handler.handle = down  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.handler.done == ["r1"]
    assert bench.outcomes("r1") == [Outcome.DELIVERED]


async def test_a_parked_event_is_due_when_its_time_has_come(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Transient("500")]
    await bench.feed("r1")
    assert bench.outcomes("r1") == [Outcome.PARKED]
    await bench.drain()
    assert bench.handler.done == []
    bench.handler.fail.clear()
    (row,) = bench.held
    assert row.hold.due_at is not None
    bench.clock.move((row.hold.due_at - bench.clock.now() + timedelta(seconds=1)).total_seconds())
    await bench.drain()
    assert bench.handler.done == ["r1"]


async def test_partitions_that_moved_away_are_left_to_their_new_owner(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
    await bench.feed("r1")
    (row,) = bench.held
    bench.handler.fail.clear()
    bench.queue.revoked([("t", 0)])
    await bench.queue._go_on(row, bench.stage.process_held)
    assert bench.handler.done == []
    assert len(bench.held) == 1


async def test_work_that_outlives_its_partition_stops_and_holds_nothing(bench: Bench) -> None:
    async def lose(work: Work) -> Sequence[JournalEntry]:
        bench.queue.revoked([("t", 0)])
        raise Unavailable("pos cannot be reached")

    bench.handler.handle = lose  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.held == []
    assert bench.outcomes("r1") == []


async def test_a_hold_for_a_partition_that_has_gone_does_not_make_it_ours_again(bench: Bench) -> None:
    async def lose(work: Work) -> Sequence[JournalEntry]:
        bench.queue.revoked([("t", 0)])
        raise Rejected("no")

    bench.handler.handle = lose  # type: ignore[method-assign]
    (sent,) = await bench.feed("r1")
    assert not bench.queue.owns(sent)


async def test_a_key_held_while_its_partition_is_taken_over_stays_known(bench: Bench) -> None:
    blocked = bench.store.held.blocked

    async def meanwhile(*args: object) -> frozenset[HeldKey]:
        found = await blocked(*args)  # type: ignore[arg-type]
        await bench.queue.hold(sent, hold)
        return found

    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
    (sent,) = await bench.feed("r1")
    hold = bench.held[0].hold
    await bench.store.held.remove(GROUP, sent)
    bench.restart()
    bench.store.held.blocked = meanwhile  # type: ignore[method-assign, assignment]
    await bench.queue.assigned([("t", 0)])
    assert bench.queue.blocks(sent)


async def test_a_slow_turn_does_not_stop_other_keys(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
    bench.handler.fail["r2"] = [DependencyMissing("later", waits_for=LINK)]
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


async def test_a_journal_that_fails_does_not_repeat_the_effect(bench: Bench) -> None:
    write, failures = bench.store.journal.write, 2

    async def away(entries: Sequence[JournalEntry]) -> None:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("the store is away")
        await write(entries)

    bench.store.journal.write = away  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.handler.done == ["r1"]
    assert bench.outcomes("r1") == [Outcome.DELIVERED]


async def test_a_dead_letter_that_is_too_large_goes_without_its_body(bench: Bench) -> None:
    publish = bench.publisher.publish

    async def small_only(records: Sequence[Outgoing]) -> None:
        if any(one.value for one in records):
            raise Rejected("too large")
        await publish(records)

    bench.publisher.publish = small_only  # type: ignore[method-assign]
    bench.handler.fail["r1"] = [Rejected("no")]
    await bench.feed("r1")
    assert bench.publisher.on("dead-letter.deliver")[0].value == b""
    assert bench.held[0].record.value == b"{}"


async def test_a_refusal_that_nothing_depends_on_lets_later_events_pass(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("changed after the export", blocks=False)]
    await bench.feed("r1", "r2")
    assert bench.handler.done == ["r2"]


async def test_coalesced_records_are_held_one_by_one(bench: Bench) -> None:
    bench.handler.fail["r2"] = [Rejected("no")]
    await bench.stage.process([record(b"{}", envelope("r1")), record(b"{}", envelope("r2"))])
    assert [row.hold.receipt_id for row in bench.held] == ["r1", "r2"]


async def test_the_drain_goes_on_when_the_store_comes_back(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=LINK)]
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

    async def in_lane(_topic: str, _key: bytes, work: Callable[[], Awaitable[None]]) -> None:
        await work()

    draining = asyncio.create_task(bench.queue.drain(in_lane, bench.stage.process_held))
    for _ in range(1000):
        await asyncio.sleep(0)
    draining.cancel()
    assert bench.handler.done == ["r1"]


async def test_an_assignment_waits_for_the_store(bench: Bench) -> None:
    blocked, failures = bench.store.held.blocked, 2

    async def away(*args: object) -> frozenset[HeldKey]:
        nonlocal failures
        if failures:
            failures -= 1
            raise Unavailable("the store is away")
        return await blocked(*args)  # type: ignore[arg-type]

    bench.store.held.blocked = away  # type: ignore[method-assign, assignment]
    await bench.queue.assigned([("t", 1)])
    assert bench.clock.slept == [1.0, 1.0]
