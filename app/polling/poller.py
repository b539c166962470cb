"""The poll role: every feed in a loop of its own. One that fails backs off alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.health import Readiness
from app.polling.first_poll import FirstPollHeld
from app.polling.polls import Poll
from streams.errors import Throttled, TillstreamError
from streams.metrics import Metrics
from streams.ports import Clock, Fenced

log = structlog.get_logger(__name__)

STAGE = "polling"
"""As this role is called in log lines and metrics."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting after failures: a random part of a time that doubles with each one (full jitter).

    Attributes:
        first_seconds: the time after the first failure.
        longest_seconds: the time is never longer; a ``Retry-After`` is waited for in addition.
        alarm_seconds: a feed that has been due for so long without success makes the role not ready.
    """

    first_seconds: float = 1.0
    longest_seconds: float = 300.0
    alarm_seconds: float = 900.0

    def wait(self, failures: int, error: Exception, chance: float) -> float:
        """Seconds to wait; ``chance`` is from 0 to 1."""
        asked = error.retry_after if isinstance(error, Throttled) else None
        return (asked or 0.0) + chance * min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))


class Poller:
    """Runs polls until it is cancelled."""

    def __init__(
        self,
        polls: Sequence[Poll],
        clock: Clock,
        metrics: Metrics,
        backoff: Backoff | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._polls = polls
        self._clock = clock
        self._metrics = metrics
        self._backoff = backoff or Backoff()
        self._chance = chance
        self._succeeded: dict[str, datetime] = {}
        self._due: dict[str, datetime] = {}
        self._failing: dict[str, str] = {}
        self._held: dict[str, str] = {}

    async def run(self) -> None:
        """Poll every feed, each at its own pace."""
        async with asyncio.TaskGroup() as tasks:
            for poll in self._polls:
                self._watch(poll.name)
                tasks.create_task(self._again_and_again(poll), name=f"poll {poll.name}")

    async def close(self) -> None:
        """Let other pollers go on with the feeds at once, instead of after the leases have ended."""
        for poll in self._polls:
            await poll.close()

    def reason(self) -> str | None:
        """For readiness: which feed has failed for too long, and with what, or waits for a person."""
        late = [
            f"{name} has not been read for {self._gap(name):.0f} s: {why}"
            for name, why in self._failing.items()
            if name not in self._held
            and (self._clock.now() - self._due[name]).total_seconds() > self._backoff.alarm_seconds
        ]
        late += self._held.values()
        return "; ".join(late) or None

    def _watch(self, name: str) -> None:
        self._succeeded[name] = self._due[name] = self._clock.now()
        self._metrics.watch_poll_gap(name, lambda: self._gap(name))

    def _gap(self, name: str) -> float:
        return (self._clock.now() - self._succeeded[name]).total_seconds()

    async def _again_and_again(self, poll: Poll) -> None:
        failures = 0
        while True:
            try:
                with structlog.contextvars.bound_contextvars(stage=STAGE, flow=poll.name):
                    wait = await poll.once()
            except Exception as error:  # noqa: BLE001 - one feed must not stop the others, whatever it does
                failures += 1
                wait = self._backoff.wait(failures, error, self._chance())
                self._tell(poll.name, error, failures, wait)
            else:
                failures = 0
                self._succeeded[poll.name] = self._clock.now()
                self._due[poll.name] = self._clock.now() + timedelta(seconds=wait)
                self._failing.pop(poll.name, None)
                self._held.pop(poll.name, None)
            await self._clock.sleep(wait)

    def _tell(self, name: str, error: Exception, failures: int, wait: float) -> None:
        self._failing[name] = str(error) or type(error).__name__
        self._metrics.failed(STAGE, name, type(error).__name__)
        if isinstance(error, FirstPollHeld):
            self._held[name] = error.message
            log.error("first_poll_held", stage=STAGE, feed=name, problem=error.message)
            return
        foreseen = isinstance(error, TillstreamError | Fenced)
        log.warning(
            "a feed could not be read; nothing is lost, it goes on from its cursor",
            stage=STAGE,
            feed=name,
            error=type(error).__name__,
            message=str(error),
            failures=failures,
            again_in_seconds=round(wait, 1),
            exc_info=None if foreseen else error,
        )


async def serve(poller: Poller, *, readiness: Readiness, stop: asyncio.Event) -> None:
    """Run the poller until ``stop`` is set. A page in work is dropped: its cursor has not moved."""
    readiness.add("feeds", poller.reason)
    running = asyncio.create_task(poller.run())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        running.cancel()
        await asyncio.wait([running, stopping])
        await poller.close()
    if not running.cancelled():
        running.result()
