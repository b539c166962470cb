"""The contract of `streams.ports.Cutovers`."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from streams.ports import Cutover, Way
from tests.postgres_server import Ports
from tests.twins.clock import START, FakeClock

WAY = Way("order", "web", "pos")
OTHERS = [Way("Stock", "pos", "web"), Way("order", "web2", "pos"), Way("order", "web", "pos2")]
EARLIER = START - timedelta(days=7)


@pytest.mark.rule("starting.observe_first")
async def test_nothing_is_launched_at_first(any_store: Ports) -> None:
    assert await any_store.cutovers.current() == []


@pytest.mark.rule("starting.launch_per_flow")
async def test_each_way_of_each_flow_is_launched_by_itself(any_store: Ports) -> None:
    made = await any_store.cutovers.launch(WAY, EARLIER, by="ann\x00")
    assert made == Cutover(WAY, EARLIER, START, "ann\x00")
    assert await any_store.cutovers.current() == [made]
    for way in OTHERS:
        await any_store.cutovers.launch(way, START, by="bob")
    assert [cutover.way for cutover in await any_store.cutovers.current()] == sorted([WAY, *OTHERS])


async def test_launched_again_it_has_the_new_instant(any_store: Ports, clock: FakeClock) -> None:
    await any_store.cutovers.launch(WAY, START, by="ann")
    clock.move(60)
    again = await any_store.cutovers.launch(WAY, EARLIER, by="bob")
    assert again == Cutover(WAY, EARLIER, START + timedelta(seconds=60), "bob")
    assert await any_store.cutovers.current() == [again]


async def test_what_is_undone_observes_again_and_may_be_launched_again(any_store: Ports) -> None:
    await any_store.cutovers.launch(WAY, START, by="ann")
    await any_store.cutovers.launch(OTHERS[0], START, by="ann")
    assert await any_store.cutovers.undo(WAY, by="bob")
    assert not await any_store.cutovers.undo(WAY, by="bob")
    assert [cutover.way for cutover in await any_store.cutovers.current()] == [OTHERS[0]]
    await any_store.cutovers.launch(WAY, EARLIER, by="ann")
    assert [cutover.at for cutover in await any_store.cutovers.current() if cutover.way == WAY] == [EARLIER]


async def test_of_two_that_launch_at_once_one_instant_stands(any_store: Ports) -> None:
    await asyncio.gather(*(any_store.cutovers.launch(WAY, at, by="ann") for at in (START, EARLIER)))
    (standing,) = await any_store.cutovers.current()
    assert standing.at in (START, EARLIER)
