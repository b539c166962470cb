"""What is dropped, what fails and what is given up: never done, never silent, never in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from streams.ports import Record
from streams.runtime.lanes import Lanes, LanesBroken, NotDone
from tests.streams.runtime.workshop import TIMEOUT, Workshop, record, turn


async def test_what_is_given_up_is_not_done_and_hinders_nobody() -> None:
    shop = Workshop()
    shop.hold(1)
    await shop.submit("a", 1, 3)
    await shop.submit("b", 2)
    await turn()
    shop.release(1, NotDone())
    await turn()
    assert shop.done == [2, 3]
    assert shop.failures == []
    assert shop.lanes.pending == 0


async def test_what_has_not_started_is_dropped_and_never_done() -> None:
    shop = Workshop(width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    await shop.submit("b", 3)
    await shop.submit("c", 4, partition=1)
    await turn()
    shop.lanes.drop_unstarted([("t", 0)])
    assert shop.lanes.pending == 2
    shop.release(1)
    assert await shop.lanes.drain(TIMEOUT)
    assert shop.done == [1, 4]


async def test_a_submit_that_waits_is_dropped_with_its_partition() -> None:
    shop = Workshop(capacity=1)
    shop.hold(1)
    await shop.submit("a", 1)
    gone = asyncio.create_task(shop.submit("a", 2))
    stays = asyncio.create_task(shop.submit("a", 3, partition=1))
    await turn()
    shop.lanes.drop_unstarted({("t", 0)})
    await asyncio.wait_for(gone, TIMEOUT)
    shop.release(1)
    await asyncio.wait_for(stays, TIMEOUT)
    await turn()
    assert shop.done == [1, 3]


async def test_dropping_makes_room() -> None:
    shop = Workshop(capacity=2, width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    waits = asyncio.create_task(shop.submit("b", 3, partition=1))
    await turn()
    shop.lanes.drop_unstarted([("t", 0)])
    await asyncio.wait_for(waits, TIMEOUT)


async def test_drain_tells_whether_all_is_done_in_time() -> None:
    shop = Workshop()
    assert await shop.lanes.drain(0)
    shop.hold(1)
    await shop.submit("a", 1)
    assert not await shop.lanes.drain(0.01)
    await turn()
    shop.release(1)
    assert await shop.lanes.drain(TIMEOUT)


async def test_a_failing_handler_stops_everything_and_is_told() -> None:
    shop = Workshop(width=1, capacity=3)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    await shop.submit("b", 3)
    turn_of_b = asyncio.create_task(shop.lanes.run_in_lane(b"b", turn))
    waits = asyncio.create_task(shop.submit("c", 4))
    await turn()
    error = RuntimeError("boom")
    shop.release(1, error)
    await turn()
    assert shop.failures == [error]
    assert shop.lanes.failure is error
    assert shop.done == []
    assert shop.calls == [[1]]
    for broken in (waits, turn_of_b, shop.submit("d", 5), shop.lanes.run_in_lane(b"a", turn)):
        with pytest.raises(LanesBroken, match="boom"):
            await broken


async def test_what_a_failure_left_undone_is_never_drained() -> None:
    shop = Workshop(width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    await turn()
    shop.release(1, RuntimeError("boom"))
    await turn()
    assert not await shop.lanes.drain(0.01)


async def test_only_the_first_failure_is_told_and_others_at_work_may_finish() -> None:
    shop = Workshop()
    shop.hold(1, 2, 3)
    for key, offset in (("a", 1), ("b", 2), ("c", 3)):
        await shop.submit(key, offset)
    await turn()
    shop.release(1, ValueError("first"))
    await turn()
    shop.release(2, ValueError("second"))
    shop.release(3)
    await turn()
    assert [str(error) for error in shop.failures] == ["first"]
    assert shop.done == [3]


async def test_a_failing_acknowledgement_is_as_fatal() -> None:
    shop = Workshop()

    async def done() -> None:
        raise ConnectionError("changelog")

    await shop.lanes.submit(record("a", 1), b"a", done)
    await turn()
    assert isinstance(shop.lanes.failure, ConnectionError)


async def test_a_handler_that_is_cancelled_from_inside_is_a_failure() -> None:
    shop = Workshop()
    shop.hold(1)
    await shop.submit("a", 1)
    await turn()
    shop.gates[1].cancel()
    await turn()
    assert isinstance(shop.lanes.failure, asyncio.CancelledError)


async def test_failure_without_anybody_to_tell_is_kept() -> None:
    async def handle(_records: Sequence[Record]) -> None:
        raise KeyError("x")

    lanes = Lanes(handle, width=1, capacity=1)
    await lanes.submit(record("a", 1), b"a", Workshop().ack(1))
    await turn()
    assert isinstance(lanes.failure, KeyError)


async def test_close_cancels_what_is_at_work_without_calling_it_done_or_failed() -> None:
    shop = Workshop()
    shop.hold(1)
    await shop.submit("a", 1)
    await turn()
    await shop.lanes.close()
    assert shop.done == []
    assert shop.lanes.failure is None
    assert shop.failures == []


async def test_closing_starts_nothing_more() -> None:
    shop = Workshop(width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    await shop.submit("b", 3)
    await turn()
    await shop.lanes.close()
    await turn()
    assert shop.calls == [[1]]


async def test_closing_returns_when_what_it_cancelled_has_ended() -> None:
    ended = asyncio.Event()

    async def slow_to_end(records: Sequence[Record]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    lanes = Lanes(slow_to_end, width=1, capacity=1)
    await lanes.submit(record("a", 1), b"a", Workshop().ack(1))
    await turn()
    await lanes.close()
    assert ended.is_set()
