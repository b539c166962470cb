"""A worker whose partition was claimed by another one, before Kafka has told it so: a frozen one that goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from streams.errors import Rejected, Transient
from streams.runtime.lanes import NotDone
from tests.streams.runtime.stage_bench import GROUP, Bench, assigned_bench
from tests.twins.kafka import envelope, record


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


async def _claimed_by_another(bench: Bench) -> None:
    await bench.store.held.claim(GROUP, "t", [0], "another")
