"""Held events keep their place, go on when they are due, and belong to the worker that has their partition."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from schemas.ids import MissingLink, Ref
from streams.errors import AliasMissing, DependencyMissing, OutcomeUnknown, Rejected, Transient, Unavailable
from streams.ports import Failpoint, HeldKey, HeldRecord, HoldReason, JournalEntry, Outcome
from streams.runtime.lanes import NotDone
from streams.runtime.work import Work
from tests.streams.runtime.stage_bench import GROUP, LINK, Bench, assigned_bench


@pytest.fixture
async def bench() -> Bench:
    return await assigned_bench()


async def test_later_events_of_a_held_key_queue_behind_it_and_go_on_in_order(bench: Bench) -> None:
    bench.handler.fail["r1"] = [AliasMissing("SKU X", sku="X", waits_for=MissingLink(Ref("web", "sku", "X"), "pos"))]
    await bench.feed("r1", "r2", "r3")
    assert bench.handler.done == []
    bench.handler.fail.clear()
    await bench.store.links.insert(Ref("web", "sku", "X"), Ref("pos", "sku", "Y"))
    for _ in range(3):
        await bench.drain()
    assert bench.handler.done == ["r1", "r2", "r3"]
    assert bench.held == []


async def test_order_behind_a_held_event_survives_a_restart(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
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
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    await bench.feed("r1")
    bench.handler.fail.clear()
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    await bench.drain()
    await bench.feed("r2")
    assert bench.handler.done == ["r1", "r2"]
    assert bench.held == []


async def test_a_held_event_that_fails_again_stays_held_and_counts_its_tries(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    await bench.feed("r1")
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    bench.handler.fail["r1"] = [Rejected("still wrong")]
    await bench.drain()
    (row,) = bench.held
    assert (row.hold.reason, row.hold.attempts) == (HoldReason.PERSON, 2)


def missing(number: int) -> DependencyMissing:
    return DependencyMissing("later", waits_for=MissingLink(Ref("pos", "order", str(number))))


async def look_again(bench: Bench, *errors: Exception) -> HeldRecord:
    """Let the event fail so at its next looks, each when its time has come."""
    for error in errors:
        bench.handler.fail["r1"] = [error]
        bench.clock.move(3600)
        await bench.drain()
    (row,) = bench.held
    return row


async def test_a_link_that_does_not_come_is_a_matter_for_a_person_after_a_day_of_looks(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Transient("500")]
    await bench.feed("r1")
    row = await look_again(bench, *[Transient("500")] * 40)
    assert (row.hold.reason, row.hold.looks) == (HoldReason.TIME, 0)
    row = await look_again(bench, *[missing(1)] * 23, missing(2))
    assert (row.hold.reason, row.hold.looks) == (HoldReason.LINK, 1), "another link has a patience of its own"
    row = await look_again(bench, *[missing(2)] * 23)
    assert (row.hold.reason, row.hold.looks) == (HoldReason.LINK, 24)
    row = await look_again(bench, missing(2))
    assert (row.hold.reason, row.hold.due_at, row.hold.waits_for) == (HoldReason.PERSON, None, missing(2).waits_for)
    assert len(bench.publisher.on("dead-letter.deliver")) == 1


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
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    await bench.feed("r1")
    (row,) = bench.held
    bench.handler.fail.clear()
    bench.queue.revoked([("t", 0)])
    with pytest.raises(NotDone):
        await bench.queue._go_on(row, 1, bench.stage.process_held)
    assert bench.handler.done == []
    assert len(bench.held) == 1


async def test_work_that_outlives_its_partition_stops_and_holds_nothing(bench: Bench) -> None:
    async def lose(work: Work) -> Sequence[JournalEntry]:
        bench.queue.revoked([("t", 0)])
        raise Unavailable("pos cannot be reached")

    bench.handler.handle = lose  # type: ignore[method-assign]
    with pytest.raises(NotDone):
        await bench.feed("r1")
    assert bench.held == []
    assert bench.outcomes("r1") == []


async def test_a_refusal_after_the_partition_has_gone_leaves_no_row_that_blocks_its_new_owner(bench: Bench) -> None:
    async def lose(work: Work) -> Sequence[JournalEntry]:
        bench.queue.revoked([("t", 0)])
        raise Rejected("no")

    bench.handler.handle = lose  # type: ignore[method-assign]
    with pytest.raises(NotDone):
        await bench.feed("r1")
    assert bench.held == []
    assert bench.publisher.on("dead-letter.deliver") == []


async def test_what_waits_for_its_next_try_gives_up_at_once_when_its_partition_is_about_to_go(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Unavailable("pos cannot be reached")]

    async def for_ever(seconds: float) -> None:
        await asyncio.Event().wait()

    bench.clock.sleep = for_ever  # type: ignore[method-assign]
    waiting = asyncio.create_task(bench.feed("r1"))
    for _ in range(10):
        await asyncio.sleep(0)
    bench.queue.claims.leaving([("t", 0)])
    with pytest.raises(NotDone):
        await asyncio.wait_for(waiting, 1)
    assert bench.held == []


async def test_what_ended_while_its_partition_was_leaving_is_told_and_done(bench: Bench) -> None:
    handle = bench.handler.handle

    async def leave(work: Work) -> Sequence[JournalEntry]:
        bench.queue.claims.leaving([("t", 0)])
        return await handle(work)

    bench.handler.handle = leave  # type: ignore[method-assign]
    await bench.feed("r1")
    assert bench.outcomes("r1") == [Outcome.DELIVERED]


async def test_a_store_that_is_away_keeps_no_turn_whose_partition_has_gone(bench: Bench) -> None:
    async def away(entries: Sequence[JournalEntry]) -> None:
        bench.queue.revoked([("t", 0)])
        raise Unavailable("the store is away")

    bench.store.journal.write = away  # type: ignore[method-assign]
    with pytest.raises(NotDone):
        await bench.feed("r1")


async def test_what_was_begun_before_another_worker_claimed_the_partition_writes_nothing(bench: Bench) -> None:
    """It does not know yet that it has lost it, as after a freeze."""

    async def frozen(work: Work) -> Sequence[JournalEntry]:
        await bench.store.held.claim(GROUP, "t", [0], "other")
        raise Rejected("no")

    bench.handler.handle = frozen  # type: ignore[method-assign]
    with pytest.raises(NotDone):
        await bench.feed("r1")
    assert bench.held == []
    assert bench.outcomes("r1") == []


async def test_a_turn_from_before_a_new_assignment_writes_nothing_though_the_partition_is_ours_again(
    bench: Bench,
) -> None:
    async def reassigned(work: Work) -> Sequence[JournalEntry]:
        await bench.queue.assigned([("t", 0)])
        raise Rejected("no")

    bench.handler.handle = reassigned  # type: ignore[method-assign]
    with pytest.raises(NotDone):
        await bench.feed("r1")
    assert bench.held == []


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


async def test_an_event_in_review_stays_there_when_kafka_gives_it_again(bench: Bench) -> None:
    """An earlier record of its partition was unfinished at the crash, so everything behind it comes again."""
    bench.handler.fail["r1"] = [Rejected("no such location")]
    sent = await bench.feed("r1", "r2")
    before = bench.held
    bench.restart()
    await bench.queue.assigned([("t", 0)])
    for again in sent:
        await bench.stage.process([again])
    await bench.drain()
    assert bench.held == before
    assert bench.handler.done == []
    assert len(bench.publisher.on("dead-letter.deliver")) == 1


async def test_a_partition_that_goes_while_the_store_is_away_is_not_ours_when_it_comes_back(bench: Bench) -> None:
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    (sent,) = await bench.feed("r1")
    blocked = bench.store.held.blocked

    async def gone_meanwhile(*args: object) -> frozenset[HeldKey]:
        bench.queue.revoked([("t", 0)])
        return await blocked(*args)  # type: ignore[arg-type]

    bench.store.held.blocked = gone_meanwhile  # type: ignore[method-assign, assignment]
    await bench.queue.assigned([("t", 0)])
    with pytest.raises(NotDone):
        bench.queue.claims.epoch(sent)


async def test_looks_at_something_that_settles_are_no_failed_tries(bench: Bench) -> None:
    """Counted, the next passing failure would be parked for minutes."""
    for _ in range(10):
        later = bench.clock.now() + timedelta(seconds=2)
        bench.handler.fail["r1"] = [OutcomeUnknown("silence", retry_at=later)]
        if not bench.held:
            await bench.feed("r1")
        bench.clock.move(3)
        await bench.drain()
    (row,) = bench.held
    assert row.hold.attempts == 0


async def test_a_crash_just_after_a_hold_or_a_queueing_finds_the_row_written(bench: Bench) -> None:
    held: list[tuple[Failpoint, list[str]]] = []
    bench.failpoints.then = lambda point: held.append((point, [row.hold.receipt_id for row in bench.held]))
    bench.handler.fail["r1"] = [Rejected("no")]
    await bench.feed("r1", "r2")
    assert held == [(Failpoint.HELD, ["r1"]), (Failpoint.HELD, ["r1", "r2"])]


async def test_what_ends_at_once_is_never_held(bench: Bench) -> None:
    await bench.feed("r1")
    assert bench.failpoints.points == []
