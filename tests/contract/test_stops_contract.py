"""The contract of `streams.ports.Stops`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from streams.ports import FlowStop
from tests.postgres_server import Ports
from tests.twins.clock import START

STOP = FlowStop("tillstream.deliver.pos", "order", "pos", START, "200 of the last 200 events failed: '\x00' is no SKU")
LATER = replace(STOP, at=START + timedelta(seconds=1), reason="another worker's words")


async def test_a_stop_stands_until_it_is_resumed(any_store: Ports) -> None:
    assert await any_store.stops.current() == []
    await any_store.stops.stop(STOP)
    assert await any_store.stops.current(STOP.group) == [STOP]
    assert await any_store.stops.resume(STOP, by="ann", reason="channel added")
    assert await any_store.stops.current() == []


async def test_the_second_worker_that_stops_a_flow_finds_the_first_ones_stop(any_store: Ports) -> None:
    await asyncio.gather(*(any_store.stops.stop(STOP) for _ in range(3)))
    await any_store.stops.stop(LATER)
    assert await any_store.stops.current() == [STOP]


async def test_groups_flows_and_targets_stop_each_by_itself(any_store: Ports) -> None:
    others = [replace(STOP, group="tillstream.normalize", target=""), replace(STOP, flow="stock")]
    for stop in (STOP, *others):
        await any_store.stops.stop(stop)
    assert await any_store.stops.current() == [STOP, *others]
    assert await any_store.stops.current("tillstream.normalize") == others[:1]
    assert await any_store.stops.resume(STOP, by="ann", reason="")
    assert await any_store.stops.current() == others


async def test_a_resume_ends_only_the_stop_that_was_looked_at(any_store: Ports) -> None:
    await any_store.stops.stop(STOP)
    assert await any_store.stops.resume(STOP, by="ann", reason="")
    await any_store.stops.stop(LATER)
    assert not await any_store.stops.resume(STOP, by="ann", reason="too late: it stopped again for a new reason")
    assert await any_store.stops.current() == [LATER]
