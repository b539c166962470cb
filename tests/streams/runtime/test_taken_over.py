"""A worker whose partition was claimed by another one, before Kafka has told it so: a frozen one that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

import pytest

from streams.errors import Rejected, Transient, Unavailable
from streams.ports import Partition
from streams.runtime.claims import ClaimLost
from streams.runtime.holding import HeldQueue, Turns
from streams.runtime.lanes import NotDone
from tests.streams.runtime.stage_bench import GROUP, Bench, assigned_bench
from tests.twins.clock import FakeClock
from tests.twins.kafka import envelope, record
from tests.twins.store import MemoryHeld

HERE: list[Partition] = [("t", 0)]


async def cannot_hold(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Rejected("no")]
    await _claimed_by_another(bench)
    with pytest.raises(NotDone):
        await bench.feed("r1")


async def cannot_queue(bench: Bench) -> None:
    bench.handler.fail["r0"] = [Transient("not now")]
    await bench.feed("r0")
    bench.handler.fail.clear()
    bench.clock.move(60)
    await _claimed_by_another(bench)
    with pytest.raises(NotDone):
        await bench.feed("r1")


async def cannot_remove(bench: Bench) -> None:
    bench.handler.fail["r1"] = [Transient("not now")]
    await bench.feed("r1")
    bench.handler.fail.clear()
    bench.clock.move(60)
    await _claimed_by_another(bench)
    await bench.drain()
    assert bench.handler.done == ["r1"]
    bench.handler.done.clear()


@pytest.mark.parametrize("first", [cannot_hold, cannot_queue, cannot_remove])
async def test_once_a_write_about_a_partition_is_refused_nothing_more_of_it_is_begun(
    first: Callable[[Bench], Awaitable[None]],
) -> None:
    """The next event of the same order is in the lane already. Its new owner may hold the one before it."""
    bench = await assigned_bench()
    await first(bench)
    with pytest.raises(NotDone):
        await bench.stage.process([record(b"{}", envelope("r2"))])
    await bench.drain()
    assert bench.handler.done == []


async def test_a_partition_that_is_assigned_again_is_worked_on_again() -> None:
    bench = await assigned_bench()
    await cannot_hold(bench)
    await bench.queue.assigned([("t", 0)])
    await bench.feed("r2")
    assert bench.handler.done == ["r2"]


async def test_a_turn_that_queued_through_a_hand_over_leaves_alone_what_another_owner_may_have_ended() -> None:
    """It stood behind a slow call in its lane; the partition went, and came back."""
    bench = await assigned_bench()
    bench.handler.fail["r1"] = [Transient("not now")]
    (sent,) = await bench.feed("r1")
    bench.handler.fail.clear()
    bench.clock.move(60)
    queued, free = asyncio.Event(), asyncio.Event()

    async def in_lane(_topic: str, _key: bytes, work: Callable[[], Awaitable[None]]) -> None:
        queued.set()
        await free.wait()
        await work()

    turns: Turns = {}
    await bench.queue._start_due(turns, in_lane, bench.stage.process_held)
    await queued.wait()
    bench.queue.revoked(HERE)
    await bench.queue.assigned(HERE)
    free.set()
    await asyncio.gather(*turns.values())
    assert bench.handler.done == []
    assert [row.record for row in bench.held] == [sent]


async def test_nothing_that_is_held_begins_on_a_partition_that_is_about_to_go() -> None:
    bench = await assigned_bench()
    bench.queue.claims.leaving(HERE)
    assert bench.queue.claims.workable == {}


class Away(MemoryHeld):
    """Another worker's way to the bench's store, which is away until the test lets it back."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.store.links, bench.clock)
        self.epochs = bench.store.held.epochs
        self.asked, self.back = asyncio.Event(), asyncio.Event()
        self.fails = True

    async def claim(self, group: str, topic: str, partitions: Collection[int], owner: str) -> Mapping[int, int]:
        if self.fails:
            self.asked.set()
            await self.back.wait()
            self.fails = False
            raise Unavailable("the store is away")
        return await super().claim(group, topic, partitions, owner)


def leave(queue: HeldQueue) -> None:
    queue.claims.leaving(HERE)


def revoke(queue: HeldQueue) -> None:
    queue.revoked(HERE)


@pytest.mark.parametrize("goes", [leave, revoke])
async def test_an_assignment_that_waited_for_the_store_claims_nothing_that_has_another_owner_by_then(
    goes: Callable[[HeldQueue], None],
) -> None:
    """Nobody cancels its hook. Claimed late, the partition would be taken from its owner, and nobody would have it."""
    bench = Bench()
    away = Away(bench)
    queue = HeldQueue(away, group=GROUP, owner="another", clock=FakeClock())
    hook = asyncio.create_task(queue.assigned(HERE))
    await away.asked.wait()
    goes(queue)
    await bench.queue.assigned(HERE)
    away.back.set()
    await hook
    bench.handler.fail["r1"] = [Rejected("no")]
    await bench.feed("r1", "r2")
    assert [row.hold.receipt_id for row in bench.held] == ["r1", "r2"]
    with pytest.raises(NotDone):
        queue.claims.epoch(record(b"{}", envelope("r3")))


async def test_only_the_newest_assignment_counts_when_an_older_one_is_still_waiting() -> None:
    bench = Bench()
    away = Away(bench)
    queue = HeldQueue(away, group=GROUP, owner="test", clock=FakeClock())
    old = asyncio.create_task(queue.assigned([("t", 0), ("t", 1)]))
    await away.asked.wait()
    away.fails = False
    await queue.assigned(HERE)
    away.back.set()
    await old
    assert bench.store.held.epochs == {(GROUP, "t", 0): 1}
    assert queue.claims.workable == {("t", 0): 1}


async def test_a_partition_that_was_lost_is_told_until_kafka_hands_it_out_anew() -> None:
    bench = await assigned_bench()
    assert bench.queue.claims.note() is None
    await cannot_hold(bench)
    note = bench.queue.claims.note()
    assert note is not None
    assert note.startswith("Another worker has claimed t 0 since this one did")
    bench.queue.claims.leaving(HERE)
    assert bench.queue.claims.note() is None


async def test_a_worker_ends_if_kafka_leaves_it_a_partition_that_another_one_claimed() -> None:
    """Whoever claimed it may not own it: it was frozen, and has died since. Nothing else would ever move it."""
    bench = await assigned_bench()
    await cannot_hold(bench)
    lost_at = bench.clock.now()
    with pytest.raises(ClaimLost, match=r"claimed t 0 .* within 15 s, so this worker ends"):
        await asyncio.wait_for(bench.queue.claims.watch(15.0), 5)
    assert (bench.clock.now() - lost_at).total_seconds() == 15.0


@pytest.mark.parametrize("again", [leave, revoke])
async def test_a_worker_goes_on_if_kafka_hands_out_what_it_lost(again: Callable[[HeldQueue], None]) -> None:
    bench = await assigned_bench()
    await cannot_hold(bench)
    watching = asyncio.create_task(bench.queue.claims.watch(15.0))
    for _ in range(10):
        await asyncio.sleep(0)
    again(bench.queue)
    await bench.queue.assigned(HERE)
    for _ in range(40):
        await asyncio.sleep(0)
    assert len(bench.clock.slept) > 30
    assert not watching.done()
    watching.cancel()


async def _claimed_by_another(bench: Bench) -> None:
    await bench.store.held.claim(GROUP, "t", [0], "another")
