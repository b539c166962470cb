"""How a worker lets partitions go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import pytest
from faust.tables.recovery import RebalanceAgain

from streams.ports import Failpoint, JournalEntry, Outcome
from streams.runtime.app import StageApp
from streams.runtime.claims import ClaimLost
from streams.runtime.lanes import Lanes
from streams.runtime.settings import KafkaSettings
from streams.runtime.work import Work
from streams.runtime.worker import StageWorker
from tests.streams.runtime.stage_bench import assigned_bench
from tests.twins.failpoints import Reached
from tests.twins.kafka import envelope, record

PARTITION = ("t", 0)
NO_BROKER = KafkaSettings({"bootstrap_servers": "127.0.0.1:1"})


@dataclass(frozen=True)
class Seen:
    """What is true in the middle of a hand-over."""

    point: Failpoint
    pending: int
    ours: bool
    tried_again: bool
    acknowledged: int


async def test_in_the_middle_of_a_hand_over_only_started_work_is_left_and_it_may_end() -> None:
    bench = await assigned_bench()
    first, second = (record(b"{}", envelope(receipt)) for receipt in ("r1", "r2"))
    epoch = bench.queue.claims.epoch(first)
    started, may_end = asyncio.Event(), asyncio.Event()
    acknowledged: list[int] = []
    seen: list[Seen] = []

    async def slow(work: Work) -> Sequence[JournalEntry]:
        started.set()
        await may_end.wait()
        return [work.entry(work.last, Outcome.DELIVERED, bench.clock.now())]

    def ack(offset: int) -> Callable[[], Awaitable[None]]:
        async def done() -> None:
            acknowledged.append(offset)

        return done

    def look(point: Failpoint) -> None:
        ours, again = bench.queue.claims.owns(first, epoch), bench.queue.claims.works_on(first, epoch)
        seen.append(Seen(point, worker.in_flight, ours, again, len(acknowledged)))
        may_end.set()

    bench.handler.handle = slow  # type: ignore[method-assign]
    app = StageApp(group="g", kafka=NO_BROKER)
    lanes = Lanes(bench.stage.process, width=2, capacity=10, on_failure=app.fail)
    worker = StageWorker(app, bench.stage, bench.queue, {"t": lanes}, drain_seconds=5.0, failpoints=Reached(look))
    for one in (first, second):
        await lanes.submit(one, one.key, ack(one.offset))
    await started.wait()
    await app.release([PARTITION])
    await lanes.close()
    assert seen == [Seen(Failpoint.MID_REVOKE, pending=1, ours=True, tried_again=False, acknowledged=0)]
    assert acknowledged == [first.offset]
    assert not bench.queue.claims.owns(first, epoch)


async def test_a_worker_tells_what_it_lost_and_ends_if_kafka_leaves_it_there_for_a_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = await assigned_bench()
    app = StageApp(group="g", kafka=replace(NO_BROKER, session_seconds=7.0))
    for way in ("start", "stop"):
        monkeypatch.setattr(app, way, _at_once)
    lanes = Lanes(bench.stage.process, width=2, capacity=10, on_failure=app.fail)
    worker = StageWorker(app, bench.stage, bench.queue, {"t": lanes}, drain_seconds=5.0)
    assert worker.note() is None
    bench.queue.claims.lost(PARTITION)
    assert "Another worker has claimed t 0" in str(worker.note())
    with pytest.raises(ClaimLost, match="within 7 s"):
        await asyncio.wait_for(worker.run(asyncio.Event()), 5)


@pytest.mark.parametrize("released", [True, False])
async def test_faust_sets_nothing_going_that_was_let_go_while_it_waited_for_the_hook(released: bool) -> None:
    app = StageApp(group="g", kafka=NO_BROKER)
    faust = app._faust
    consumer = faust.consumer
    consumer.released = released
    consumer.assignment = frozenset
    with pytest.raises(RebalanceAgain) if released else nullcontext():
        await faust.on_rebalance_complete.send()


async def _at_once(*_: object) -> None:
    """Kafka is not asked."""
