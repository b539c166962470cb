"""Whatever lands late in the web store, and whoever sent it: in the end it has what the point of sale has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ports import Outcome
from tests.streams.deliver.late_shop import SETTLED, SETTLING, Way, World
from tests.twins.loop import run_in_no_time

NEVER = None
LATE = 9
"""What lands late: an older quantity than the one that was written after it."""


def play(story: Callable[[World], Awaitable[None]], *ways: Way) -> None:
    """The story from the moment when a first worker has the partition and the web store has ten pieces."""

    async def all_of_it() -> None:
        world = World(Way(), *ways)
        await world.hand_over()
        await world.stock(10)
        await asyncio.sleep(1)
        assert world.web.held == [10]
        await story(world)
        await world.close()

    run_in_no_time(all_of_it())


def outcomes(world: World) -> list[Outcome]:
    return [entry.outcome for entry in world.store.journal.entries if entry.stage == "deliver"]


@pytest.mark.parametrize(
    "old_owner",
    [Way(lands=15, answers=NEVER), Way(lands=3, answers=4)],
    ids=["without an answer", "and is answered last"],
)
def test_a_write_that_lands_after_the_next_owners_is_written_over(old_owner: Way) -> None:
    async def story(world: World) -> None:
        await world.stock(9)
        await asyncio.sleep(1)
        await world.hand_over()
        await world.stock(8)
        await world.calm_down()
        assert world.web.held == [10, 9, 8, LATE, 8]

    play(story, old_owner)


def test_a_write_that_lands_after_its_retry_and_after_a_newer_one_is_written_over() -> None:
    async def story(world: World) -> None:
        await world.stock(9)
        await asyncio.sleep(10)
        assert world.web.held == [10, 9]
        await world.stock(8)
        await world.calm_down()
        assert world.web.held == [10, 9, 8, LATE, 8]

    play(story, Way(lands=15, answers=NEVER))


@pytest.mark.parametrize("frozen", [Way(leaves=60), Way(opens=60)], ids=["before the send", "before the opening"])
def test_a_worker_that_was_frozen_before_its_write_left_sends_nothing(frozen: Way) -> None:
    async def story(world: World) -> None:
        await world.stock(9)
        await asyncio.sleep(20)
        await world.hand_over()
        await world.stock(8)
        await asyncio.sleep(60)
        assert world.web.sent.count(LATE) == 1  # by the next owner, who was given the record again
        assert world.web.held[-1] == 8

    play(story, frozen)


@pytest.mark.parametrize(
    "killed",
    [Way(leaves=2), Way(lands=8, answers=NEVER), Way(lands=0, answers=2)],
    ids=["before the send", "before it lands", "before the answer"],
)
def test_a_worker_that_is_killed_in_a_write_leaves_a_doubt_that_is_cleared(killed: Way) -> None:
    async def story(world: World) -> None:
        await world.stock(9)
        await asyncio.sleep(1)
        await world.kill()
        await asyncio.sleep(1)
        await world.stock(8)
        await world.calm_down()
        assert (world.web.held[-1], world.writes.rows) == (8, {})

    play(story, killed)


def test_in_doubt_an_equal_reading_is_written_and_afterwards_it_is_unchanged() -> None:
    async def story(world: World) -> None:
        await world.stock(9)
        await asyncio.sleep(10)
        await world.tell()
        await asyncio.sleep(1)
        assert world.web.sent == [10, 9, 9, 9]
        await world.calm_down()
        assert world.web.sent == [10, 9, 9, 9, 9]
        await world.tell()
        await asyncio.sleep(1)
        assert outcomes(world)[-1] is Outcome.UNCHANGED
        assert world.web.sent == [10, 9, 9, 9, 9]

    play(story, Way(lands=NEVER, answers=NEVER))


def test_a_doubt_is_cleared_by_an_event_of_the_receipt_that_left_it() -> None:
    async def story(world: World) -> None:
        await world.stock(9)
        await world.calm_down()
        last = world.store.journal.entries[-1]
        assert (last.outcome, last.subject) == (Outcome.DELIVERED, "A")
        assert last.receipt_id.startswith("r2.doubt")

    play(story, Way(lands=NEVER, answers=NEVER))


def test_what_is_answered_leaves_no_doubt_and_is_written_once() -> None:
    async def story(world: World) -> None:
        for on_hand in (9, 8, 9):
            await world.stock(on_hand)
            await asyncio.sleep(1)
        assert world.writes.rows == {}
        await world.calm_down()
        assert world.web.sent == [10, 9, 8, 9]

    play(story)


LATEST = SETTLING.timeout + SETTLING.longest_execution
"""Nothing lands later than that after it has left."""

answered = st.floats(0, SETTLING.timeout).flatmap(
    lambda answers: st.builds(Way, st.floats(0, 6), st.floats(0, 6), st.floats(0, answers), st.just(answers))
)
unanswered = st.builds(Way, st.floats(0, 6), st.floats(0, 6), st.none() | st.floats(0, LATEST), st.none())
steps = st.tuples(st.sampled_from(["stock", "tell", "hand_over", "kill"]), st.floats(0, 1.2 * SETTLED))


@settings(deadline=None, max_examples=60)
@given(ways=st.lists(answered | unanswered, max_size=8), steps=st.lists(steps, max_size=8))
def test_however_writes_and_owners_change_the_newest_quantity_stays(
    ways: list[Way], steps: list[tuple[str, float]]
) -> None:
    async def story(world: World) -> None:
        on_hand = 10
        for step, pause in steps:
            if step == "stock":
                on_hand -= 1
                await world.stock(on_hand)
            else:
                await getattr(world, step)()
            await asyncio.sleep(pause)
        await world.calm_down()
        assert (world.web.held[-1], world.writes.rows) == (on_hand, {})

    play(story, *ways)
