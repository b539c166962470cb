"""Order per key, concurrency across keys, bounded memory."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ports import Record
from streams.runtime.lanes import Lanes
from tests.streams.runtime.workshop import TIMEOUT, Workshop, record, turn


async def test_records_of_a_key_are_handled_one_by_one_in_order() -> None:
    shop = Workshop()
    shop.hold(1)
    await shop.submit("a", 1, 2, 3)
    await turn()
    assert shop.calls == [[1]]
    shop.release(1)
    await turn()
    assert shop.calls == [[1], [2], [3]]
    assert shop.done == [1, 2, 3]
    assert shop.lanes.pending == 0


async def test_other_keys_go_on_beside_a_slow_one() -> None:
    shop = Workshop()
    shop.hold(1)
    await shop.submit("slow", 1, 2)
    await shop.submit("quick", 3, 4)
    await turn()
    assert shop.done == [3, 4]
    assert shop.lanes.working == 1


async def test_at_most_width_lanes_work_at_once() -> None:
    shop = Workshop(width=2)
    shop.hold(1, 2, 3)
    await shop.submit("a", 1)
    await shop.submit("b", 2)
    await shop.submit("c", 3)
    await turn()
    assert shop.at_work == 2
    shop.release(1)
    await turn()
    assert shop.at_work == 2
    shop.release(2)
    shop.release(3)
    await turn()
    assert shop.most_at_work == 2
    assert sorted(shop.done) == [1, 2, 3]


async def test_a_long_lane_lets_the_others_have_their_turn() -> None:
    shop = Workshop(width=1)
    await shop.submit("long", 1, 2, 3)
    await shop.submit("short", 9)
    await turn()
    assert shop.done == [1, 9, 2, 3]


async def test_coalescing_hands_over_what_is_queued_up_to_the_limit() -> None:
    shop = Workshop(coalesce=True, max_batch=3)
    shop.hold(1)
    await shop.submit("a", 1)
    await turn()
    await shop.submit("a", 2, 3, 4, 5)
    shop.release(1)
    await turn()
    assert shop.calls == [[1], [2, 3, 4], [5]]
    assert shop.done == [1, 2, 3, 4, 5]


async def test_submit_waits_while_the_lanes_are_full() -> None:
    shop = Workshop(capacity=2)
    shop.hold(1, 2)
    await shop.submit("a", 1)
    await shop.submit("b", 2)
    more = asyncio.create_task(shop.submit("c", 3, 4, 5))
    await turn()
    assert not more.done()
    assert (shop.lanes.pending, shop.lanes.waiting) == (2, 1)
    shop.release(1)
    await asyncio.wait_for(more, TIMEOUT)
    shop.release(2)
    await turn()
    assert sorted(shop.done) == [1, 2, 3, 4, 5]


async def test_capacity_is_exact_with_many_submitters() -> None:
    shop = Workshop(capacity=3, width=1)
    shop.hold(*range(10))
    tasks = [asyncio.create_task(shop.submit(f"k{n}", n)) for n in range(10)]
    for offset in range(10):
        await turn()
        assert shop.lanes.pending <= 3
        shop.release(offset)
    await asyncio.gather(*tasks)
    await turn()
    assert shop.done == list(range(10))


async def test_a_submit_that_is_cancelled_while_it_waits_takes_no_room() -> None:
    shop = Workshop(capacity=1)
    shop.hold(1)
    await shop.submit("a", 1)
    gone = asyncio.create_task(shop.submit("b", 2))
    stays = asyncio.create_task(shop.submit("c", 3))
    await turn()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert shop.lanes.waiting == 1
    shop.release(1)
    await asyncio.wait_for(stays, TIMEOUT)
    await turn()
    assert shop.done == [1, 3]


async def test_room_given_to_a_submit_that_was_cancelled_goes_to_the_next() -> None:
    shop = Workshop(capacity=2, width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    gone = asyncio.create_task(shop.submit("b", 3, partition=1))
    stays = asyncio.create_task(shop.submit("c", 4, partition=1))
    await turn()
    shop.lanes.drop_unstarted([("t", 0)])  # gives its room to `gone` ...
    gone.cancel()  # ... which will never take it
    await asyncio.gather(gone, return_exceptions=True)
    await asyncio.wait_for(stays, TIMEOUT)
    shop.release(1)
    await turn()
    assert shop.done == [1, 4]


def cancelled_before_room_comes(shop: Workshop, waits: asyncio.Task[None]) -> None:
    waits.cancel()
    shop.lanes.drop_unstarted([("t", 0)])


def cancelled_after_room_came(shop: Workshop, waits: asyncio.Task[None]) -> None:
    shop.lanes.drop_unstarted([("t", 0)])
    waits.cancel()


def dropped_and_cancelled(shop: Workshop, waits: asyncio.Task[None]) -> None:
    shop.lanes.drop_unstarted([("t", 1)])
    waits.cancel()
    shop.lanes.drop_unstarted([("t", 0)])


@pytest.mark.parametrize("end", [cancelled_before_room_comes, cancelled_after_room_came, dropped_and_cancelled])
async def test_however_a_submit_that_waits_ends_the_capacity_stays_exact(
    end: Callable[[Workshop, asyncio.Task[None]], None],
) -> None:
    shop = Workshop(capacity=2, width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2)
    waits = asyncio.create_task(shop.submit("b", 3, partition=1))
    await turn()
    end(shop, waits)  # in one turn: nobody may see the one before the other
    await asyncio.gather(waits, return_exceptions=True)
    more = asyncio.create_task(shop.submit("c", 4, 5, partition=2))
    await turn()
    assert (shop.lanes.pending, shop.lanes.waiting) == (2, 1)
    shop.release(1)
    await asyncio.wait_for(more, TIMEOUT)
    await turn()
    assert shop.done == [1, 4, 5]


async def test_of_many_that_wait_only_so_many_go_on_as_there_is_room_for() -> None:
    shop = Workshop(capacity=3, width=1)
    shop.hold(1)
    await shop.submit("a", 1, 2, 3)
    waits = [asyncio.create_task(shop.submit("b", offset, partition=1)) for offset in (4, 5, 6)]
    await turn()
    shop.lanes.drop_unstarted([("t", 0)])
    await turn()
    assert (shop.lanes.pending, shop.lanes.waiting) == (3, 1)
    shop.release(1)
    await asyncio.gather(*waits)
    assert await shop.lanes.drain(TIMEOUT)
    assert shop.done == [1, 4, 5, 6]


@pytest.mark.parametrize(("make", "handed_over"), [(Lanes, [1] * 101), (partial(Lanes, coalesce=True), [100, 1])])
async def test_unless_told_otherwise_one_is_handed_over_at_once_or_a_hundred_at_most(
    make: Callable[..., Lanes], handed_over: list[int]
) -> None:
    sizes: list[int] = []

    async def handle(records: Sequence[Record]) -> None:
        sizes.append(len(records))

    lanes = make(handle, width=1, capacity=1000)
    for offset in range(101):
        await lanes.submit(record("a", offset), b"a", Workshop().ack(offset))
    assert await lanes.drain(TIMEOUT)
    assert sizes == handed_over


async def test_a_worker_that_found_nothing_more_to_do_is_forgotten() -> None:
    shop = Workshop()
    await shop.submit("a", 1)
    await turn()
    assert shop.done == [1]
    assert shop.lanes._workers == set()


async def test_a_turn_is_exclusive_and_in_order_with_the_records() -> None:
    shop = Workshop()
    story: list[str] = []

    async def drain() -> None:
        story.append(f"turn, {len(shop.done)} done")
        await turn()
        story.append(f"end, {len(shop.done)} done")

    shop.hold(1)
    await shop.submit("a", 1)
    own = asyncio.create_task(shop.lanes.run_in_lane(b"a", drain))
    await turn()
    await shop.submit("a", 2)
    assert story == []
    shop.release(1)
    await asyncio.wait_for(own, TIMEOUT)
    await turn()
    assert story == ["turn, 1 done", "end, 1 done"]
    assert shop.done == [1, 2]


async def test_a_turn_splits_a_coalesced_batch() -> None:
    shop = Workshop(coalesce=True)
    shop.hold(1)
    await shop.submit("a", 1)
    await turn()
    await shop.submit("a", 2)
    own = asyncio.create_task(shop.lanes.run_in_lane(b"a", turn))
    await turn()
    await shop.submit("a", 3)
    shop.release(1)
    await asyncio.wait_for(own, TIMEOUT)
    await turn()
    assert shop.calls == [[1], [2], [3]]


async def test_the_error_of_a_turn_belongs_to_whoever_asked_for_it() -> None:
    shop = Workshop()

    async def fail() -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        await shop.lanes.run_in_lane(b"a", fail)
    await shop.submit("a", 1)
    await turn()
    assert shop.done == [1]
    assert shop.lanes.failure is None


async def test_a_turn_whose_asker_has_gone_is_not_taken() -> None:
    shop = Workshop()
    ran: list[str] = []

    async def work() -> None:
        ran.append("yes")

    shop.hold(1)
    await shop.submit("a", 1)
    await turn()
    own = asyncio.create_task(shop.lanes.run_in_lane(b"a", work))
    await turn()
    own.cancel()
    await asyncio.gather(own, return_exceptions=True)
    shop.release(1)
    await turn()
    assert ran == []
    assert await shop.lanes.drain(TIMEOUT)


@pytest.mark.parametrize("error", [None, ValueError("late")])
async def test_a_turn_goes_on_if_its_asker_goes_while_it_runs(error: Exception | None) -> None:
    shop = Workshop()
    gate = asyncio.Event()
    ended: list[bool] = []

    async def work() -> None:
        await gate.wait()
        ended.append(True)
        if error is not None:
            raise error

    own = asyncio.create_task(shop.lanes.run_in_lane(b"a", work))
    await turn()
    own.cancel()
    gate.set()
    await asyncio.gather(own, return_exceptions=True)
    assert await shop.lanes.drain(TIMEOUT)
    assert ended == [True]


@settings(max_examples=60)
@given(
    keys=st.lists(st.sampled_from("abcd"), max_size=40),
    width=st.integers(1, 4),
    capacity=st.integers(1, 10),
    coalesce=st.booleans(),
    pauses=st.lists(st.integers(0, 3), min_size=1, max_size=7),
)
def test_property_every_record_is_done_once_and_in_order_per_key(
    keys: list[str], width: int, capacity: int, coalesce: bool, pauses: list[int]
) -> None:
    async def scenario() -> dict[str, list[int]]:
        done: dict[str, list[int]] = defaultdict(list)
        busy: set[bytes] = set()

        async def handle(records: Sequence[Record]) -> None:
            (key,) = {one.key for one in records}
            assert key not in busy
            busy.add(key)
            for _ in range(pauses[records[0].offset % len(pauses)]):
                await asyncio.sleep(0)
            busy.discard(key)

        lanes = Lanes(handle, width=width, capacity=capacity, coalesce=coalesce, max_batch=3)
        for offset, key in enumerate(keys):

            async def ack(key: str = key, offset: int = offset) -> None:
                done[key].append(offset)

            await lanes.submit(record(key, offset), key.encode(), ack)
            assert lanes.pending <= capacity
        assert await lanes.drain(0.5)
        assert (lanes.pending, lanes.working, lanes.failure) == (0, 0, None)
        return done

    done = asyncio.run(scenario())
    assert {key: sorted(offsets) for key, offsets in done.items()} == done
    assert sum(map(len, done.values())) == len(keys)
