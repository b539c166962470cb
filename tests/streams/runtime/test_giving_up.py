"""A person gives a held event up: its owner ends it in a turn of its own, so it is either delivered or discarded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from streams.errors import Rejected, Transient, Unavailable
from streams.ports import HeldRecord, JournalEntry, Outcome, Place, Record
from streams.runtime.entrance import AlwaysOpen
from streams.runtime.work import Work
from tests.streams.runtime.stage_bench import GROUP, Bench, assigned_bench
from tests.twins.kafka import record

WHY = "given up by ann: a test"


@pytest.fixture
async def bench() -> Bench:
    return await assigned_bench()


async def in_review(bench: Bench, *behind: str) -> list[Record]:
    """r1 in review, the others queue behind it."""
    bench.handler.fail["r1"] = [Rejected("no")]
    sent = await bench.feed("r1", *behind)
    bench.handler.fail.clear()
    return sent


async def test_what_is_given_up_ends_without_its_handler_and_what_queued_behind_it_goes_on(bench: Bench) -> None:
    (sent, _) = await in_review(bench, "r2")
    bench.store.held.give_up(GROUP, sent, WHY)
    await bench.drain()
    assert bench.handler.done == []
    (*_, line) = [entry for entry in bench.store.journal.entries if entry.receipt_id == "r1"]
    assert (line.outcome, line.message, line.error) == (Outcome.DISCARDED, WHY, "Rejected")
    assert (line.stage, line.flow, line.step, line.target) == ("deliver", "order", "create_order", "pos")
    assert (line.subject, line.aggregate, line.offset) == ("000000042", "web:order:42", sent.offset)
    await bench.drain()
    assert bench.handler.done == ["r2"]
    assert bench.held == []


async def test_what_was_given_up_does_not_come_back_when_kafka_gives_it_again(bench: Bench) -> None:
    (sent,) = await in_review(bench)
    bench.store.held.give_up(GROUP, sent, WHY)
    await bench.drain()
    bench.restart()
    await bench.queue.assigned([("t", 0)])
    await bench.stage.process([sent])
    assert bench.handler.done == []
    assert bench.outcomes("r1") == [Outcome.IN_REVIEW, Outcome.DISCARDED]


async def test_one_that_queues_is_given_up_at_once_and_the_others_keep_their_order(bench: Bench) -> None:
    (_, second, _) = await in_review(bench, "r2", "r3")
    bench.store.held.give_up(GROUP, second, WHY)
    await bench.drain()
    assert [row.hold.receipt_id for row in bench.held] == ["r1", "r3"]
    assert bench.outcomes("r2") == [Outcome.DISCARDED]
    await bench.feed("r4")
    assert bench.handler.done == [], "r1 is still in review"


async def give_up_in_turn(bench: Bench, sent: Record, ends_in: Exception | None) -> None:
    """Let the event try again, and give it up while its handler is at work."""
    handle = bench.handler.handle

    async def meanwhile(work: Work) -> Sequence[JournalEntry]:
        bench.store.held.give_up(GROUP, sent, WHY)
        if ends_in is not None:
            raise ends_in
        return await handle(work)

    (row, *_) = bench.held
    bench.handler.handle = meanwhile  # type: ignore[method-assign]
    await bench.queue._go_on(row, 1, bench.stage.process_held)
    bench.handler.handle = handle  # type: ignore[method-assign]


async def test_one_whose_turn_succeeds_meanwhile_is_delivered_and_not_discarded(bench: Bench) -> None:
    (sent, _) = await in_review(bench, "r2")
    await give_up_in_turn(bench, sent, None)
    await bench.drain()
    assert bench.handler.done == ["r1", "r2"]
    assert bench.outcomes("r1") == [Outcome.IN_REVIEW, Outcome.DELIVERED]


async def test_one_whose_turn_fails_meanwhile_is_discarded_and_the_others_keep_their_order(bench: Bench) -> None:
    (sent, *_) = await in_review(bench, "r2", "r3")
    await give_up_in_turn(bench, sent, Rejected("still no"))
    assert [row.hold.receipt_id for row in bench.held] == ["r1", "r2", "r3"]
    for _ in range(3):
        await bench.drain()
    assert bench.outcomes("r1") == [Outcome.IN_REVIEW, Outcome.DISCARDED]
    assert bench.handler.done == ["r2", "r3"]


class Closed(AlwaysOpen):
    """The entrance to a target that is down until the test opens it."""

    def __init__(self) -> None:
        self.waits, self.opens = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def turn(self, wanted: Callable[[], bool], pause: Callable[[float], Awaitable[None]]) -> AsyncIterator[None]:
        self.waits.set()
        await self.opens.wait()
        yield


@asynccontextmanager
async def turn_at_a_closed_entrance(bench: Bench) -> AsyncIterator[Record]:
    """A parked event that is due, whose turn waits for the target meanwhile, and has been had at the end."""
    bench.handler.fail["r1"] = [Transient("500")]
    (sent,) = await bench.feed("r1")
    bench.handler.fail.clear()
    bench.clock.move(60)
    closed = bench.entrance = Closed()
    draining = asyncio.create_task(bench.drain())
    await closed.waits.wait()
    yield sent
    closed.opens.set()
    await draining


async def test_what_is_given_up_while_its_turn_waits_for_the_target_is_not_delivered_when_it_is_back(
    bench: Bench,
) -> None:
    async with turn_at_a_closed_entrance(bench) as sent:
        bench.store.held.give_up(GROUP, sent, WHY)
    assert bench.handler.done == []
    await bench.drain()
    assert bench.outcomes("r1") == [Outcome.PARKED, Outcome.DISCARDED]
    assert bench.handler.done == []
    assert bench.held == []


async def test_what_is_held_anew_while_its_turn_waits_is_delivered_as_it_is_then(bench: Bench) -> None:
    async with turn_at_a_closed_entrance(bench) as sent:
        row = bench.store.held.rows[GROUP, Place.of(sent)]
        row.held = replace(row.held, edited=b"corrected")
    assert bench.handler.done == []
    await bench.drain()
    assert bench.handler.bodies[-1] == b"corrected"
    assert bench.handler.done == ["r1"]


async def test_what_has_ended_while_its_turn_waited_is_not_delivered_again(bench: Bench) -> None:
    async with turn_at_a_closed_entrance(bench) as sent:
        await bench.store.held.remove(GROUP, sent, epoch=1)
    assert bench.handler.done == []


async def test_nothing_that_is_held_is_delivered_while_nobody_can_tell_whether_it_was_given_up(bench: Bench) -> None:
    get, failures = bench.store.held.get, 2

    async def away(group: str, record: Record) -> HeldRecord | None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            assert bench.handler.done == []
            raise Unavailable("the store is away")
        return await get(group, record)

    bench.store.held.get = away  # type: ignore[method-assign]
    async with turn_at_a_closed_entrance(bench):
        pass
    assert failures < 0
    assert bench.handler.done == ["r1"]


async def test_what_cannot_be_read_can_be_given_up(bench: Bench) -> None:
    sent = record(b"not ours")
    await bench.stage.process([sent])
    bench.store.held.give_up(GROUP, sent, WHY)
    await bench.drain()
    assert bench.held == []
    assert [entry.outcome for entry in bench.store.journal.entries] == [Outcome.IN_REVIEW, Outcome.DISCARDED]
