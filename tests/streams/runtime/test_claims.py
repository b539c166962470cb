"""Which partitions are ours, under which claim, and what may be begun on them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.claims import Claims
from streams.runtime.lanes import NotDone
from tests.twins.clock import FakeClock
from tests.twins.kafka import envelope, record

SENT = record(b"{}", envelope("r1"))
OURS = SENT.topic_partition
TOPIC, NUMBER = OURS


def owning(epoch: int = 7) -> Claims:
    claims = Claims(FakeClock())
    claims.assigned([OURS])
    claims.taken(TOPIC, {NUMBER: epoch})
    return claims


def test_nothing_is_begun_before_a_partition_is_taken() -> None:
    claims = Claims(FakeClock())
    claims.assigned([OURS])
    with pytest.raises(NotDone):
        claims.epoch(SENT)
    assert claims.workable == []
    claims.taken(TOPIC, {NUMBER: 7})
    assert (claims.epoch(SENT), claims.workable) == (7, [OURS])


def test_a_partition_that_went_before_it_was_taken_is_not_ours() -> None:
    claims = Claims(FakeClock())
    claims.assigned([OURS])
    claims.revoked([OURS])
    claims.taken(TOPIC, {NUMBER: 7})
    assert not claims.owns(SENT, 7)


@given(epochs=st.permutations([1, 2, 3]))
def test_the_last_claim_counts_whichever_is_heard_of_last(epochs: list[int]) -> None:
    claims = Claims(FakeClock())
    claims.assigned([OURS])
    for epoch in epochs:
        claims.taken(TOPIC, {NUMBER: epoch})
    assert claims.epoch(SENT) == 3
    assert not claims.owns(SENT, 2)


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
    assert claims.workable == []
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
