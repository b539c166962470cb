"""Many callers, few calls; one bad row costs one row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected, Transient
from streams.runtime.batch import Batcher


class Target:
    """Doubles numbers, refuses a batch that holds a bad one, remembers its calls."""

    def __init__(self, bad: frozenset[int] = frozenset(), failures: int = 0) -> None:
        self.bad = bad
        self.failures = failures
        self.calls: list[list[int]] = []
        self.at_once = 0
        self.most_at_once = 0

    async def call(self, items: Sequence[int]) -> Sequence[int]:
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
        return [item * 2 for item in items]


async def test_callers_that_come_while_a_call_is_under_way_share_the_next_one() -> None:
    target = Target()
    batcher = Batcher(target.call, most=100)
    results = await asyncio.gather(*(batcher.submit(number) for number in range(50)))
    assert results == [number * 2 for number in range(50)]
    assert len(target.calls) == 1


async def test_a_batch_is_never_larger_than_the_most_and_never_two_at_once() -> None:
    target = Target()
    batcher = Batcher(target.call, most=7)
    await asyncio.gather(*(batcher.submit(number) for number in range(50)))
    assert max(map(len, target.calls)) == 7
    assert target.most_at_once == 1


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


async def test_a_caller_that_gave_up_disturbs_nobody() -> None:
    target = Target()
    batcher = Batcher(target.call, most=10, gather=0.01)
    gone = asyncio.create_task(batcher.submit(1))
    staying = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert await staying == 4
