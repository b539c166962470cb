"""Since when a flow writes, and how soon a worker knows it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.documents.flow import Mode
from schemas.envelope import Backfill
from streams.launch.cutover import KNOWN_FOR, RememberedLaunches, Standing, standing
from streams.ports import Way
from tests.twins.clock import START, FakeClock
from tests.twins.cutovers import MemoryCutovers

WAY = Way("order", "web", "pos")
moments = st.integers(0, 1000).map(lambda seconds: START + timedelta(seconds=seconds))


def backfill(since: datetime, flow: str = "order") -> Backfill:
    return Backfill(flow, int(since.timestamp() * 1000))


@pytest.mark.rule("starting.observe_first")
@given(mode=st.sampled_from(Mode), happened=moments, since=moments)
def test_a_flow_that_is_not_launched_only_observes_whatever_its_mode_and_whoever_backfills(
    mode: Mode, happened: datetime, since: datetime
) -> None:
    expected = Standing.BEFORE if happened < since else Standing.OBSERVES
    assert standing(mode, None, happened, None, "order") is Standing.OBSERVES
    assert standing(mode, None, happened, backfill(since), "order") is expected


@given(cutover=moments, happened=moments)
def test_a_flow_that_the_settings_let_observe_writes_nothing_even_if_it_was_launched(
    cutover: datetime, happened: datetime
) -> None:
    assert standing(Mode.OBSERVE, cutover, happened, None, "order") is Standing.OBSERVES


@pytest.mark.rule("starting.older_links_only")
@given(cutover=moments, happened=moments)
def test_what_happened_before_the_cutover_is_left(cutover: datetime, happened: datetime) -> None:
    expected = Standing.BEFORE if happened < cutover else Standing.WRITES
    assert standing(Mode.LIVE, cutover, happened, None, "order") is expected


@pytest.mark.rule("starting.backfill_approved")
@given(cutover=moments, happened=moments, since=moments)
def test_a_backfill_reaches_back_to_its_beginning_and_no_further(
    cutover: datetime, happened: datetime, since: datetime
) -> None:
    expected = Standing.BEFORE if happened < min(cutover, since) else Standing.WRITES
    assert standing(Mode.LIVE, cutover, happened, backfill(since), "order") is expected


@given(cutover=moments, happened=moments, since=moments)
def test_a_backfill_of_another_flow_changes_nothing(cutover: datetime, happened: datetime, since: datetime) -> None:
    of_another = standing(Mode.LIVE, cutover, happened, backfill(since, "shipment"), "order")
    assert of_another is standing(Mode.LIVE, cutover, happened, None, "order")


async def test_a_launch_and_its_undoing_are_known_within_seconds_without_a_restart() -> None:
    clock = FakeClock()
    cutovers = MemoryCutovers(clock)
    launches = RememberedLaunches(cutovers, clock)
    assert await launches.at(WAY) is None
    await cutovers.launch(WAY, START, by="ann")
    clock.move(KNOWN_FOR.total_seconds())
    assert await launches.at(WAY) == START
    assert await launches.at(WAY._replace(source="web2")) is None
    await cutovers.undo(WAY, by="ann")
    clock.move(KNOWN_FOR.total_seconds())
    assert await launches.at(WAY) is None


async def test_many_events_ask_the_store_once() -> None:
    clock = FakeClock()
    cutovers = MemoryCutovers(clock)
    launches = RememberedLaunches(cutovers, clock)
    await asyncio.gather(*(launches.at(WAY) for _ in range(50)))
    clock.move(KNOWN_FOR.total_seconds() - 0.1)
    await launches.at(WAY)
    assert cutovers.asked == 1


async def test_a_clock_that_was_set_back_does_not_make_it_deaf() -> None:
    clock = FakeClock()
    cutovers = MemoryCutovers(clock)
    launches = RememberedLaunches(cutovers, clock)
    await launches.at(WAY)
    await cutovers.launch(WAY, START, by="ann")
    clock.move(-timedelta(days=1).total_seconds())
    assert await launches.at(WAY) == START
