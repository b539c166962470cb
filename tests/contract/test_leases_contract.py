"""The contract of `app.store.leases.Leases`, and of the cursors that it fences."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from app.store.leases import FeedStanding, Lease
from streams.ports import Fenced
from tests.postgres_server import Ports
from tests.twins.clock import START, FakeClock

FEED = "web.order"
MINUTE = 60.0


async def taken(store: Ports, owner: str) -> Lease:
    lease = await store.leases.take(FEED, owner, MINUTE)
    assert lease is not None
    return lease


async def test_one_poller_has_a_feed_and_another_one_gets_none(any_store: Ports) -> None:
    assert await taken(any_store, "a") == Lease(FEED, "a", 1)
    assert await any_store.leases.take(FEED, "b", MINUTE) is None
    assert await any_store.leases.take("pos.order", "b", MINUTE) == Lease("pos.order", "b", 1)


async def test_who_has_it_may_take_it_again_and_keeps_its_token(any_store: Ports, clock: FakeClock) -> None:
    await taken(any_store, "a")
    clock.move(50)
    assert (await taken(any_store, "a")).token == 1
    clock.move(50)
    assert await any_store.leases.take(FEED, "b", MINUTE) is None


async def test_a_lease_that_ended_goes_to_another_with_a_greater_token(any_store: Ports, clock: FakeClock) -> None:
    await taken(any_store, "a")
    clock.move(MINUTE)
    assert (await taken(any_store, "b")).token == 2
    clock.move(MINUTE)
    assert (await taken(any_store, "a")).token == 3


async def test_a_released_lease_is_free_at_once_and_its_token_still_grows(any_store: Ports) -> None:
    await any_store.leases.release(await taken(any_store, "a"))
    assert (await taken(any_store, "b")).token == 2


async def test_who_was_overtaken_can_neither_keep_nor_finish_nor_release(any_store: Ports, clock: FakeClock) -> None:
    stalled = await taken(any_store, "a")
    clock.move(MINUTE)
    await taken(any_store, "b")
    with pytest.raises(Fenced, match=r"web\.order is read by another poller by now: a stood still"):
        await any_store.leases.keep(stalled, MINUTE)
    with pytest.raises(Fenced):
        await any_store.leases.finish(stalled, MINUTE, began=START)
    await any_store.leases.release(stalled)
    assert await any_store.leases.take(FEED, "c", MINUTE) is None
    (standing,) = await any_store.leases.standings()
    assert (standing.owner, standing.read_at) == ("b", None)


async def test_a_stalled_holder_that_wakes_cannot_move_the_cursor_back(any_store: Ports, clock: FakeClock) -> None:
    stalled = await taken(any_store, "a")
    await any_store.cursors.set(FEED, "1", previous=None, token=stalled.token)
    clock.move(MINUTE)
    newer = await taken(any_store, "b")
    await any_store.cursors.set(FEED, "2", previous="1", token=newer.token)
    await any_store.cursors.set(FEED, "1", previous="2")  # a person sets it back, to where the stalled one saw it
    for value in ("1", "3"):
        with pytest.raises(Fenced):
            await any_store.cursors.set(FEED, value, previous="1", token=stalled.token)
    assert await any_store.cursors.get(FEED) == "1"
    await any_store.cursors.set(FEED, "2", previous="1", token=newer.token)


async def test_a_lease_that_was_never_given_moves_nothing(any_store: Ports) -> None:
    with pytest.raises(Fenced):
        await any_store.cursors.set(FEED, "1", previous=None, token=7)
    assert await any_store.cursors.get(FEED) is None


async def test_a_kept_lease_lasts_from_then_on(any_store: Ports, clock: FakeClock) -> None:
    lease = await taken(any_store, "a")
    clock.move(50)
    await any_store.leases.keep(lease, MINUTE)
    clock.move(50)
    assert await any_store.leases.take(FEED, "b", MINUTE) is None


async def test_how_a_feed_stands_is_known_after_its_turn(any_store: Ports, clock: FakeClock) -> None:
    lease = await taken(any_store, "a")
    await any_store.cursors.set(FEED, "1", previous=None, token=lease.token)
    began = clock.now()
    clock.move(5)
    await any_store.leases.finish(lease, MINUTE, began=began)
    until = clock.now() + timedelta(seconds=MINUTE)
    assert await any_store.leases.standings() == [FeedStanding(FEED, "a", until, began, "1")]


async def test_of_many_pollers_one_gets_the_feed(any_store: Ports) -> None:
    found = await asyncio.gather(*(any_store.leases.take(FEED, f"p{number}", MINUTE) for number in range(8)))
    assert len([lease for lease in found if lease is not None]) == 1
