"""One statement for many callers: a bad item fails alone, and a store that is away is asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.store.batcher import AT_MOST, statements
from streams.errors import Transient, Unavailable


class Statement:
    """Doubles numbers; remembers its batches. Fails whole if there is an odd one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.away = False

    async def __call__(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(items))
        if self.away:
            raise Unavailable("the store is away")
        if any(item % 2 for item in items):
            raise Transient("gave up over an odd number")
        return [item * 2 for item in items]


async def test_an_item_that_breaks_its_batch_fails_alone_whatever_it_fails_with() -> None:
    statement = Statement()
    shared = statements(statement)
    answers = await asyncio.gather(*(shared.submit(n) for n in (2, 3, 6)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, Transient, int]
    assert statement.batches == [[2, 3, 6], [2], [3, 6], [3], [6]]


async def test_a_store_that_is_away_is_not_asked_for_every_item() -> None:
    statement = Statement()
    statement.away = True
    shared = statements(statement)
    answers = await asyncio.gather(*(shared.submit(n) for n in (2, 4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert len(statement.batches) == 1
    statement.away = False
    assert await shared.submit(2) == 4


@pytest.mark.parametrize("more", [0, 10])
async def test_a_statement_has_a_largest_size(more: int) -> None:
    statement = Statement()
    shared = statements(statement)
    await asyncio.gather(*(shared.submit(2 * number) for number in range(AT_MOST + more)))
    assert [len(batch) for batch in statement.batches] == ([AT_MOST, more] if more else [AT_MOST])
