"""Many callers, few calls; one bad row costs one row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected, Transient
from streams.runtime.batch import ENOUGH, Batcher


class Target:
    """Doubles numbers, refuses a batch that holds a bad one, remembers its calls. Negative ones fail for themselves."""

    def __init__(self, bad: frozenset[int] = frozenset(), failures: int = 0) -> None:
        self.bad = bad
        self.failures = failures
        self.calls: list[list[int]] = []
        self.at_once = 0
        self.most_at_once = 0

    async def call(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.calls.append(list(items))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.failures:
            self.failures -= 1
            raise Transient("not now")
        if self.bad & set(items):
            raise Rejected("a row is wrong")
        return [KeyError(item) if item < 0 else item * 2 for item in items]


async def test_what_is_posted_runs_and_its_failure_is_nobodys() -> None:
    target = Target(bad=frozenset({2}))
    batcher: Batcher[int, int] = Batcher(target.call, most=10)
    for item in (1, 2, -3):
        batcher.post(item)
    await batcher.close()
    assert target.calls[0] == [1, 2, -3]
    assert await batcher.submit(4) == 8


async def test_a_lone_item_runs_at_once() -> None:
    target = Target()
    assert await Batcher(target.call, most=100).submit(4) == 8
    assert target.calls == [[4]]


async def test_callers_that_come_while_a_call_is_under_way_share_the_next_one() -> None:
    target = Target()
    batcher = Batcher(target.call, most=100)
    first = asyncio.create_task(batcher.submit(1))
    while not target.calls:  # noqa: ASYNC110 - one turn of the loop is what is waited for
        await asyncio.sleep(0)
    results = await asyncio.gather(first, *(batcher.submit(number) for number in range(2, 20)))
    assert results == [number * 2 for number in range(1, 20)]
    assert target.calls == [[1], list(range(2, 20))]


async def test_a_batch_is_never_larger_than_the_most_and_never_two_at_once() -> None:
    target = Target()
    batcher = Batcher(target.call, most=7)
    await asyncio.gather(*(batcher.submit(number) for number in range(50)))
    assert max(map(len, target.calls)) == 7
    assert target.most_at_once == 1


async def test_an_error_for_one_item_is_its_callers() -> None:
    batcher = Batcher(Target().call, most=100)
    answers = await asyncio.gather(*(batcher.submit(n) for n in (2, -4, 6)), return_exceptions=True)
    assert answers[0] == 4
    assert isinstance(answers[1], KeyError)
    assert answers[2] == 12


@pytest.mark.rule("guards.bisect")
@given(good=st.sets(st.integers(0, 99), max_size=40), bad=st.sets(st.integers(100, 120), max_size=5))
def test_bad_rows_fail_alone(good: set[int], bad: set[int]) -> None:
    async def run() -> None:
        batcher = Batcher(Target(frozenset(bad)).call, most=100)
        items = sorted(good | bad)
        results = await asyncio.gather(*(batcher.submit(item) for item in items), return_exceptions=True)
        for item, result in zip(items, results, strict=True):
            assert isinstance(result, Rejected) if item in bad else result == item * 2

    asyncio.run(run())


async def test_a_failed_call_fails_its_callers_and_the_next_call_goes_on() -> None:
    batcher = Batcher(Target(failures=1).call, most=10)
    with pytest.raises(Transient):
        await batcher.submit(1)
    assert await batcher.submit(1) == 2


async def test_equal_identities_never_share_a_batch_and_keep_their_order() -> None:
    target = Target()
    batcher = Batcher(target.call, most=100, identity=lambda number: number % 10)
    await asyncio.gather(*(batcher.submit(number) for number in (2, 12, 4, 22)))
    assert target.calls == [[2, 4], [12], [22]]


async def test_a_caller_that_gave_up_disturbs_nobody() -> None:
    target = Target()
    batcher = Batcher(target.call, most=10)
    gone = asyncio.create_task(batcher.submit(1))
    staying = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_what_may_wait_shares_a_batch_with_who_comes_meanwhile() -> None:
    target = Target()
    batcher = Batcher(target.call, most=100, linger=60.0)
    first = asyncio.create_task(batcher.submit(0))
    await asyncio.sleep(0.01)
    assert target.calls == []
    await asyncio.gather(first, *(batcher.submit(number) for number in range(1, ENOUGH)))
    assert target.calls == [list(range(ENOUGH))]


async def test_what_waits_for_company_in_vain_runs_alone() -> None:
    target = Target()
    batcher = Batcher(target.call, most=100, linger=0.001)
    assert await batcher.submit(2) == 4
    assert await batcher.submit(4) == 8
    assert target.calls == [[2], [4]]


async def test_what_comes_alone_goes_at_once_and_what_follows_soon_goes_together() -> None:
    target = Target()
    batcher = Batcher(target.call, most=3, pace=60.0)
    assert await batcher.submit(0) == 0
    crowd = [asyncio.create_task(batcher.submit(number)) for number in (1, 2)]
    await asyncio.sleep(0.01)
    assert target.calls == [[0]]
    await asyncio.gather(*crowd, batcher.submit(3))
    assert target.calls == [[0], [1, 2, 3]]


async def test_nothing_keeps_to_the_pace_when_it_closes() -> None:
    target = Target()
    batcher = Batcher(target.call, most=3, pace=60.0)
    await batcher.submit(0)
    left = asyncio.create_task(batcher.submit(1))
    await asyncio.sleep(0)
    await batcher.close()
    assert await left == 2


async def test_close_waits_for_what_is_under_way_and_lets_nothing_linger() -> None:
    batcher = Batcher(Target().call, most=100, linger=60.0)
    task = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)
    await batcher.close()
    assert await task == 4


async def test_a_call_that_is_cancelled_from_inside_leaves_no_caller_waiting() -> None:
    async def cancelled(items: Sequence[int]) -> Sequence[int | Exception]:
        raise asyncio.CancelledError

    batcher = Batcher(cancelled, most=10)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(batcher.submit(1), 1)
