from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import structlog

from app.health import Readiness
from app.polling.poller import Backoff, Poller, serve
from streams.errors import AuthFailed, Throttled, Transient
from streams.metrics import Metrics
from tests.app.polling.polling_fakes import START


@dataclass
class Scripted:
    """A poll that does what its script says, then waits for ever."""

    name: str
    script: list[Exception | float]
    done: int = 0
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    async def close(self) -> None:
        self.closed = True

    async def once(self) -> float:
        if self.done == len(self.script):
            self.finished.set()
            await asyncio.Event().wait()
        step = self.script[self.done]
        self.done += 1
        if isinstance(step, Exception):
            raise step
        return step


@dataclass
class Clock:
    """One that everybody sleeps on at once; waits are noted by the task that waited."""

    time: datetime = START
    waits: dict[str, list[float]] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.waits.setdefault(task.get_name(), []).append(seconds)
        await asyncio.sleep(0)


async def run(
    *polls: Scripted, backoff: Backoff | None = None, chance: Callable[[], float] = lambda: 1.0
) -> tuple[Clock, Metrics, Poller]:
    clock, metrics = Clock(), Metrics()
    poller = Poller(polls, clock, metrics, backoff, chance)
    running = asyncio.create_task(poller.run())
    with structlog.testing.capture_logs():
        await asyncio.gather(*(poll.finished.wait() for poll in polls))
    running.cancel()
    await asyncio.wait([running])
    return clock, metrics, poller


async def test_a_poll_is_done_again_after_the_time_it_names() -> None:
    clock, _, _ = await run(Scripted("a", [60.0, 7.0, 60.0]))
    assert clock.waits == {"poll a": [60.0, 7.0, 60.0]}


async def test_a_failing_feed_backs_off_longer_each_time_and_the_others_go_on() -> None:
    down: list[Exception | float] = [Transient("down")] * 6
    failing = Scripted("a", [*down, 60.0, Transient("down")])
    clock, metrics, _ = await run(failing, Scripted("b", [5.0] * 20), backoff=Backoff(1, 20))
    assert clock.waits["poll a"] == [1, 2, 4, 8, 16, 20, 60, 1]
    assert clock.waits["poll b"] == [5.0] * 20
    labels = {"stage": "polling", "target": "a", "error": "Transient"}
    assert metrics.registry.get_sample_value("tillstream_failures_total", labels) == 7


async def test_the_wait_is_a_random_part_of_the_backoff() -> None:
    clock, _, _ = await run(Scripted("a", [Transient("down")] * 3), chance=lambda: 0.25)
    assert clock.waits["poll a"] == [0.25, 0.5, 1.0]


async def test_what_a_throttling_system_asks_for_is_waited_for() -> None:
    clock, _, _ = await run(Scripted("a", [Throttled("slow down", retry_after=30), Throttled("slow down")]))
    assert clock.waits["poll a"] == [31, 2]


@pytest.mark.parametrize("error", [AuthFailed("wrong token"), RuntimeError("unforeseen"), KeyError("x")])
async def test_no_error_of_one_feed_ends_the_role(error: Exception) -> None:
    other = Scripted("b", [1.0])
    await run(Scripted("a", [error, 1.0]), other)
    assert other.done == 1


async def test_the_gap_grows_until_a_poll_succeeds() -> None:
    clock, metrics = Clock(), Metrics()
    poll = Scripted("a", [60.0])
    poller = Poller([poll], clock, metrics)
    running = asyncio.create_task(poller.run())
    await poll.finished.wait()
    clock.time += timedelta(seconds=90)
    assert metrics.registry.get_sample_value("tillstream_poll_gap_seconds", {"feed": "a"}) == 90
    assert poller.reason() is None
    running.cancel()
    await asyncio.wait([running])


async def test_a_feed_that_fails_for_long_makes_the_role_not_ready_and_says_why() -> None:
    poll = Scripted("web.order", [AuthFailed("web: the token is refused, renew it")])
    clock, _, poller = await run(poll, backoff=Backoff(alarm_seconds=900))
    assert poller.reason() is None
    clock.time += timedelta(seconds=901)
    assert poller.reason() == "web.order has not been read for 901 s: web: the token is refused, renew it"


async def test_a_poll_that_comes_seldom_is_late_only_from_when_it_was_due() -> None:
    @dataclass
    class Seldom(Clock):
        async def sleep(self, seconds: float) -> None:
            self.time += timedelta(seconds=seconds)
            await asyncio.sleep(0)

    clock, poll = Seldom(), Scripted("pos.inventory.snapshot", [3600.0, Transient("down")])
    poller = Poller([poll], clock, Metrics(), Backoff(alarm_seconds=900), lambda: 1.0)
    running = asyncio.create_task(poller.run())
    with structlog.testing.capture_logs():
        await poll.finished.wait()
    assert poller.reason() is None
    clock.time += timedelta(seconds=900)
    assert poller.reason() == "pos.inventory.snapshot has not been read for 4501 s: down"
    running.cancel()
    await asyncio.wait([running])


async def test_a_stop_ends_the_role_at_once() -> None:
    stop, readiness = asyncio.Event(), Readiness()
    poll = Scripted("a", [])
    poller = Poller([poll], Clock(), Metrics())
    role = asyncio.create_task(serve(poller, readiness=readiness, stop=stop))
    await asyncio.sleep(0.01)
    assert await readiness.reasons() == {}
    stop.set()
    await asyncio.wait_for(role, 1)
    assert poll.closed, "other pollers would wait for its lease to end"
