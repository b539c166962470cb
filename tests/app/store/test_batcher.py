"""Callers that come together share a run; each gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.store.batcher import AT_MOST, Batcher
from streams.errors import Rejected, Unavailable


class Runs:
    """Doubles numbers; remembers its batches. Batches with an odd number fail whole, negative ones for themselves."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = False

    async def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        await self.gate.wait()
        if self.away:
            raise Unavailable("the store is away")
        if any(item % 2 for item in items):
            raise Rejected("an odd number")
        return [KeyError(item) if item < 0 else item * 2 for item in items]


async def test_a_lone_item_runs_at_once() -> None:
    runs = Runs()
    assert await Batcher(runs).submit(4) == 8
    assert runs.batches == [[4]]


async def test_who_comes_while_a_batch_runs_shares_the_next() -> None:
    runs = Runs()
    batcher = Batcher(runs)
    runs.gate.clear()
    first = asyncio.create_task(batcher.submit(2))
    while not runs.batches:  # noqa: ASYNC110 - one turn of the loop is what is waited for
        await asyncio.sleep(0)
    others = asyncio.gather(*(batcher.submit(number) for number in (4, 6, 8)))
    await asyncio.sleep(0)
    runs.gate.set()
    assert await first == 4
    assert await others == [8, 12, 16]
    assert runs.batches == [[2], [4, 6, 8]]


async def test_an_error_for_one_item_is_its_callers() -> None:
    batcher = Batcher(Runs())
    answers = await asyncio.gather(*(batcher.submit(n) for n in (2, -4, 6)), return_exceptions=True)
    assert answers[0] == 4
    assert isinstance(answers[1], KeyError)
    assert answers[2] == 12


async def test_an_item_that_breaks_its_batch_fails_alone() -> None:
    runs = Runs()
    batcher = Batcher(runs)
    answers = await asyncio.gather(*(batcher.submit(n) for n in (2, 3, 6)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, Rejected, int]
    assert runs.batches == [[2, 3, 6], [2], [3], [6]]


async def test_a_store_that_is_away_is_not_asked_for_every_item() -> None:
    runs = Runs()
    runs.away = True
    batcher = Batcher(runs)
    answers = await asyncio.gather(*(batcher.submit(n) for n in (2, 4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert len(runs.batches) == 1
    runs.away = False
    assert await batcher.submit(2) == 4


async def test_equal_identities_never_share_a_batch_and_keep_their_order() -> None:
    runs = Runs()
    batcher = Batcher(runs, identity=lambda number: number % 10)
    await asyncio.gather(*(batcher.submit(number) for number in (2, 12, 4, 22)))
    assert runs.batches == [[2, 4], [12], [22]]


async def test_a_batch_has_a_largest_size() -> None:
    runs = Runs()
    batcher = Batcher(runs)
    count = AT_MOST + 10
    await asyncio.gather(*(batcher.submit(2 * number) for number in range(count)))
    assert [len(batch) for batch in runs.batches] == [AT_MOST, 10]


async def test_a_caller_that_is_cancelled_hinders_nobody() -> None:
    runs = Runs()
    batcher = Batcher(runs)
    leaving = asyncio.create_task(batcher.submit(2))
    staying = asyncio.create_task(batcher.submit(4))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == 8
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_close_waits_for_what_is_under_way() -> None:
    runs = Runs()
    batcher = Batcher(runs)
    task = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)
    await batcher.close()
    assert await task == 4


async def test_what_may_wait_shares_a_batch_with_who_comes_meanwhile() -> None:
    runs = Runs()
    batcher = Batcher(runs, linger=60.0, enough=3)
    first = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0.01)
    assert runs.batches == []
    assert list(await asyncio.gather(first, batcher.submit(4), batcher.submit(6))) == [4, 8, 12]
    assert runs.batches == [[2, 4, 6]]


async def test_what_waits_for_company_in_vain_runs_alone() -> None:
    runs = Runs()
    batcher = Batcher(runs, linger=0.001)
    assert await batcher.submit(2) == 4
    assert await batcher.submit(4) == 8
    assert runs.batches == [[2], [4]]


async def test_a_batcher_that_closes_keeps_nobody_waiting() -> None:
    runs = Runs()
    batcher = Batcher(runs, linger=60.0)
    task = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)
    await batcher.close()
    assert await task == 4
