"""Which partitions are ours, under which claim, and what may be begun on them."""

from __future__ import annotations

import asyncio

import pytest

from streams.runtime.claims import Claims
from streams.runtime.lanes import NotDone
from tests.twins.clock import FakeClock
from tests.twins.kafka import envelope, record

SENT = record(b"{}", envelope("r1"))
OURS = SENT.topic_partition
TOPIC, NUMBER = OURS


def owning(epoch: int = 7) -> Claims:
    claims = Claims(FakeClock())
    claims.assigned()
    claims.taken(TOPIC, {NUMBER: epoch})
    return claims


def test_nothing_is_begun_before_a_partition_is_taken() -> None:
    claims = Claims(FakeClock())
    claims.assigned()
    with pytest.raises(NotDone):
        claims.epoch(SENT)
    assert not claims.workable
    claims.taken(TOPIC, {NUMBER: 7})
    assert (claims.epoch(SENT), claims.workable) == (7, {OURS: 7})


def test_an_assignment_stands_until_something_comes_or_goes() -> None:
    """A claim that is made after that would fence whoever has the partition by then."""
    claims = Claims(FakeClock())
    first = claims.assigned()
    assert claims.stands(first)
    claims.leaving([OURS])
    assert not claims.stands(first)
    second = claims.assigned()
    claims.revoked([OURS])
    assert not claims.stands(second)
    assert claims.stands(claims.assigned())


def test_what_is_under_way_may_end_on_a_partition_that_leaves_and_nothing_is_tried_again() -> None:
    claims = owning()
    claims.leaving([OURS])
    assert claims.owns(SENT, 7)
    assert not claims.works_on(SENT, 7)
    with pytest.raises(NotDone):
        claims.epoch(SENT)


def test_a_halted_partition_is_ours_and_nothing_is_begun_on_it() -> None:
    claims = owning()
    claims.halts.add(SENT, "newer")
    assert claims.owns(SENT, 7)
    assert not claims.workable
    with pytest.raises(NotDone):
        claims.epoch(SENT)


async def test_a_pause_is_over_at_once_when_partitions_are_about_to_go() -> None:
    class Still(FakeClock):
        async def sleep(self, _seconds: float) -> None:
            await asyncio.Event().wait()

    claims = Claims(Still())
    pausing = asyncio.create_task(claims.pause(60.0))
    await asyncio.sleep(0)
    assert not pausing.done()
    claims.leaving([OURS])
    await asyncio.wait_for(pausing, 5.0)
