"""What a worker tells its metrics about held events."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from app.workers import COUNT_SECONDS, _tell_held
from streams.errors import Unavailable
from streams.metrics import Metrics
from streams.ports import HoldReason
from tests.twins.clock import FakeClock

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
