"""What Kafka gives again after a crash: an earlier record was unfinished, so all that followed it comes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from schemas.ids import MissingLink, Ref
from streams.errors import DependencyMissing, Rejected, Unavailable
from streams.ports import Outcome, Record
from streams.runtime.holding import TIDY_SECONDS
from tests.streams.runtime.stage_bench import LINK, Bench, assigned_bench


async def drained(bench: Bench) -> Record:
    """An event that was held and then ended."""
    bench.handler.fail["r1"] = [DependencyMissing("later", waits_for=MissingLink(LINK))]
    (sent,) = await bench.feed("r1")
    bench.handler.fail.clear()
    await bench.store.links.insert(LINK, Ref("web", "order", "42"))
    await bench.drain()
    assert bench.handler.done == ["r1"]
    return sent


async def restart(bench: Bench) -> None:
    bench.restart()
    await bench.queue.assigned([("t", 0)])


async def tidy(bench: Bench, committed: int) -> None:
    """One round of forgetting, as the worker's loop does it."""
    rounds = iter([{("t", 0): committed}])
    tidying = asyncio.create_task(bench.queue.keep_tidy(lambda: next(rounds)))
    with pytest.raises(RuntimeError, match="StopIteration"):
        await tidying
    assert bench.clock.slept[-2:] == [TIDY_SECONDS, TIDY_SECONDS]


@pytest.mark.parametrize("restarts", [True, False], ids=["to a new process", "to the same one"])
async def test_a_held_event_that_ended_does_not_happen_again(restarts: bool) -> None:
    bench = await assigned_bench()
    sent = await drained(bench)
    if restarts:
        await restart(bench)
    await bench.stage.process([sent])
    assert bench.handler.done == ["r1"]
    assert bench.held == []


async def test_a_dead_set_state_is_not_tried_and_lettered_again() -> None:
    bench = await assigned_bench(blocks=False)
    bench.handler.fail["r1"] = [Rejected("no")]
    (sent,) = await bench.feed("r1")
    before = bench.held
    await bench.stage.process([sent])
    await restart(bench)
    await bench.stage.process([sent])
    assert bench.held == before
    assert len(bench.publisher.on("dead-letter.deliver")) == 1
    assert bench.outcomes("r1") == [Outcome.IN_REVIEW]


async def test_another_record_in_the_place_of_one_that_ended_has_its_turn() -> None:
    """The topic was deleted and made anew; its offsets began at 0 again."""
    bench = await assigned_bench()
    sent = await drained(bench)
    await restart(bench)
    await bench.stage.process([replace(sent, timestamp_ms=sent.timestamp_ms + 1)])
    assert bench.handler.done == ["r1", "r1"]


async def test_what_ended_is_forgotten_once_its_partition_is_committed_past_it() -> None:
    bench = await assigned_bench()
    sent = await drained(bench)
    await tidy(bench, sent.offset)
    assert bench.store.held.ended, "it is the next that Kafka would give"
    assert bench.queue.settled(sent)
    await tidy(bench, sent.offset + 1)
    assert not bench.store.held.ended
    assert not bench.queue.settled(sent)


async def test_what_ended_before_a_restart_is_forgotten_too() -> None:
    bench = await assigned_bench()
    sent = await drained(bench)
    await restart(bench)
    await tidy(bench, sent.offset + 1)
    assert not bench.store.held.ended


async def test_a_store_that_is_away_ends_no_tidying_and_nothing_to_forget_asks_it_nothing() -> None:
    bench = await assigned_bench()
    asked = 0

    async def away(*args: object) -> None:
        nonlocal asked
        asked += 1
        raise Unavailable("the store is away")

    bench.store.held.forget = away  # type: ignore[method-assign, assignment]
    await tidy(bench, 100)
    assert asked == 0
    sent = await drained(bench)
    await tidy(bench, sent.offset + 1)
    assert asked == 1
    assert bench.queue.settled(sent), "until the store has forgotten it"
