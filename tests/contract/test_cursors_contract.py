"""The contract of `app.store.cursors.Cursors`."""

from __future__ import annotations

import asyncio

import pytest

from streams.ports import Fenced
from tests.postgres_server import Ports


async def test_a_feed_that_was_never_read_has_no_cursor(any_store: Ports) -> None:
    assert await any_store.cursors.get("web.orders") is None


async def test_a_cursor_moves_from_where_it_stands(any_store: Ports) -> None:
    await any_store.cursors.set("web.orders", '{"at": 1}', previous=None)
    await any_store.cursors.set("web.orders", '{"at": 2}', previous='{"at": 1}')
    await any_store.cursors.set("pos.stock", '{"at": 9}', previous=None)
    assert await any_store.cursors.get("web.orders") == '{"at": 2}'


@pytest.mark.parametrize("previous", [None, "1", "3"])
async def test_who_does_not_know_where_it_stands_cannot_move_it(any_store: Ports, previous: str | None) -> None:
    await any_store.cursors.set("web.orders", "1", previous=None)
    await any_store.cursors.set("web.orders", "2", previous="1")
    with pytest.raises(Fenced):
        await any_store.cursors.set("web.orders", "4", previous=previous)
    assert await any_store.cursors.get("web.orders") == "2"


async def test_a_cursor_that_was_lost_is_not_moved_as_if_it_were_there(any_store: Ports) -> None:
    with pytest.raises(Fenced):
        await any_store.cursors.set("web.orders", "2", previous="1")
    assert await any_store.cursors.get("web.orders") is None


async def test_a_move_whose_answer_was_lost_may_be_repeated(any_store: Ports) -> None:
    await any_store.cursors.set("web.orders", "1", previous=None)
    await any_store.cursors.set("web.orders", "1", previous=None)
    assert await any_store.cursors.get("web.orders") == "1"


async def test_of_two_pollers_one_moves_it(any_store: Ports) -> None:
    moves = (any_store.cursors.set("web.orders", value, previous=None) for value in ("a", "b"))
    results = await asyncio.gather(*moves, return_exceptions=True)
    assert [type(result) for result in results if result is not None] == [Fenced]
