"""What a worker tells its metrics about held events and partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest
import structlog

from app.parts import Parts
from app.retention import RetentionWatch
from app.workers import COUNT_SECONDS, _rebalanced, _tell, _tell_held, _tell_oversells
from streams.errors import Unavailable
from streams.metrics import Metrics
from streams.ports import HoldReason, Oversell, OversoldSku, Partition
from streams.runtime.app import PartitionNumbers, StageApp
from streams.runtime.worker import StageWorker
from tests.twins.clock import FakeClock
from tests.twins.oversells import MemoryOversells

Counts = Mapping[HoldReason, int]


class Counting:
    """Answers in turn, then waits for ever."""

    def __init__(self, *answers: Counts | Unavailable) -> None:
        self._answers = list(answers)
        self.finished = asyncio.Event()

    async def __call__(self) -> Counts:
        if not self._answers:
            self.finished.set()
            await asyncio.Event().wait()
        answer = self._answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer


async def told(*answers: Counts | Unavailable) -> tuple[Metrics, FakeClock]:
    metrics, clock, counting = Metrics(), FakeClock(), Counting(*answers)
    telling = asyncio.create_task(_tell_held(counting, metrics, clock))
    with structlog.testing.capture_logs():
        await counting.finished.wait()
    telling.cancel()
    await asyncio.wait([telling])
    return metrics, clock


def shown(metrics: Metrics, reason: HoldReason) -> float | None:
    return metrics.registry.get_sample_value("tillstream_held_records", {"reason": reason.value})


async def test_held_events_are_told_every_few_seconds_and_fall_to_zero() -> None:
    metrics, clock = await told({HoldReason.PERSON: 3, HoldReason.TIME: 1}, {HoldReason.PERSON: 0, HoldReason.TIME: 2})
    assert (shown(metrics, HoldReason.PERSON), shown(metrics, HoldReason.TIME)) == (0, 2)
    assert clock.slept == [COUNT_SECONDS, COUNT_SECONDS]


async def test_a_store_that_is_down_does_not_end_the_telling() -> None:
    metrics, _ = await told({HoldReason.PERSON: 3}, Unavailable("down"), {HoldReason.PERSON: 4})
    assert shown(metrics, HoldReason.PERSON) == 4


async def test_oversells_that_wait_are_told_and_a_store_that_is_down_does_not_end_it() -> None:
    metrics, clock, kept = Metrics(), FakeClock(), MemoryOversells()
    short = Oversell("MAIN", Decimal(1), Decimal(0), Decimal(0), ("web:order:42",), {}, None)
    await kept.keep("pos", "A", [short], clock.now())
    counting = Counting({HoldReason.PERSON: 1}, Unavailable("down"), {HoldReason.PERSON: 1})

    async def waiting() -> Sequence[OversoldSku]:
        await counting()
        return await MemoryOversells.waiting(kept)

    kept.waiting = waiting  # type: ignore[method-assign]
    telling = asyncio.create_task(_tell_oversells(kept, metrics, clock))
    with structlog.testing.capture_logs() as logged:
        await counting.finished.wait()
    telling.cancel()
    await asyncio.wait([telling])
    assert metrics.registry.get_sample_value("tillstream_oversold_records") == 1
    assert [line["event"] for line in logged] == ["oversells_uncounted"]
    assert clock.slept == [COUNT_SECONDS] * 3


class Handed(Exception):
    """Nothing is left to be told."""


class Owning:
    """A worker and its app that own other partitions at each look."""

    in_flight = 0

    def __init__(self, *owned: set[Partition]) -> None:
        self._owned = list(owned)
        self.halts: set[Partition] = set()

    def partitions(self) -> Mapping[Partition, PartitionNumbers]:
        if not self._owned:
            raise Handed
        return dict.fromkeys(self._owned.pop(0), PartitionNumbers(end=5, position=2, in_flight=1, oldest_ms=0))


async def test_a_partition_is_told_of_while_it_is_owned() -> None:
    metrics, clock = Metrics(), FakeClock()

    async def no_retention() -> Mapping[str, float | None]:
        return {}

    retention = RetentionWatch(no_retention, metrics, clock, "broker:9092")
    owning = Owning({("sale", 3), ("sale", 4)}, {("sale", 4)})
    parts = cast("Parts", SimpleNamespace(metrics=metrics, clock=clock))
    with pytest.raises(Handed):
        await _tell("deliver", cast("StageWorker", owning), parts, cast("StageApp", owning), retention)
    told = [line for line in metrics.exposition().decode().splitlines() if 'topic="sale"' in line]
    assert len(told) == 3, "lag, age and state"
    assert all('partition="4"' in line for line in told)


async def test_partitions_that_are_given_anew_are_counted() -> None:
    metrics = Metrics()
    for partitions in ([("hint.stock", 3)], []):
        await _rebalanced(metrics, "tillstream.inventory", partitions)
    assert metrics.registry.get_sample_value("tillstream_rebalances_total", {"group": "tillstream.inventory"}) == 2
