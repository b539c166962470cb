"""The gate before a target: turns wait here, in their lanes, while the target is down or its budget is spent.

What waits has sent nothing, holds no promise of the ledger and is in no table: its lane fills, the consumer stops
taking, and Kafka holds the rest. Every target has its own gate, so that the outage of one is nothing to the others.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from streams.deliver.breaker import Breaker, State
from streams.deliver.budget import Bucket, share
from streams.errors import AuthFailed
from streams.runtime.lanes import NotDone

log = structlog.get_logger(__name__)


ALONE = 20
"""Good answers since the last 429 that make another one a single refusal, not a target that is asked too much."""
SHORT_SECONDS = 5.0
"""A single 429 that asks for more than this is heeded by all all the same."""


class Gate:
    """One target's gate. Implements `streams.ports.Pulse` for its HTTP client and `streams.runtime.entrance.Entrance`.

    Args:
        target: the connection.
        requests_per_second: all workers of the target together; 0 for no limit.
        burst: requests that may go at once after a pause, all workers together.
        chance: numbers from 0 to 1, for full jitter.
        monotonic: seconds.
    """

    def __init__(
        self,
        target: str,
        *,
        requests_per_second: float = 0.0,
        burst: float = 1.0,
        chance: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.target = target
        self._limit, self._burst = requests_per_second, burst
        self._now = monotonic
        self._breaker = Breaker(chance)
        self._bucket = Bucket(requests_per_second, burst, monotonic())
        self._turns = 0  # that have entered and not left
        self._good_answers = 0  # since the last 429
        self._prepaid = 0  # tokens that they reserved and no request has used yet
        self._changed = asyncio.Event()
        self._paused_since = 0.0

    # -- for those who watch --------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Of the breaker."""
        return self._breaker.state

    @property
    def rate(self) -> float:
        """Requests a second that may go at present; 0 while nothing may, infinite without a limit."""
        return self._bucket.rate(self._now()) if self.state is State.CLOSED else 0.0

    def note(self) -> str | None:
        """Why nothing or little is sent, for readiness; None if the target is well."""
        if self.state is not State.CLOSED:
            return f"{self.target} is paused: {self._breaker.reason}"
        if self._bucket.closed(self._now()):
            return f"{self.target} asked for less: nothing is sent for a moment, then more slowly"
        return None

    # -- turns: streams.runtime.entrance.Entrance -----------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether nothing goes: the target is down, refuses us, or asked for less."""
        return self.state is not State.CLOSED or self._bucket.closed(self._now())

    @asynccontextmanager
    async def turn(self, wanted: Callable[[], bool], pause: Callable[[float], Awaitable[None]]) -> AsyncIterator[None]:
        """See `Entrance.turn`."""
        probe = await self._admit(wanted, pause)
        self._turns += 1
        self._prepaid += 1
        try:
            yield
        except AuthFailed as error:
            before = self.state
            self._breaker.stopped(error.message, self._now())
            self._tell(before)
            raise
        finally:
            self._turns -= 1
            unused = max(0, self._prepaid - self._turns)
            self._prepaid -= unused
            self._bucket.give_back(unused)
            if probe:
                self._end_probe()

    async def _admit(self, wanted: Callable[[], bool], pause: Callable[[float], Awaitable[None]]) -> bool:
        """Wait for the target, then for a token; True if the turn is a probe."""
        while wanted():
            seconds = self._breaker.wait(self._now())
            if seconds > 0.0:
                await self._wait(seconds, pause)
                continue
            probe, admitted = self._breaker.enter(), False
            try:
                admitted = await self._take_token(wanted, pause)
            finally:
                if probe and not admitted:
                    self._end_probe()
            if admitted:
                return probe
        raise NotDone

    async def _take_token(self, wanted: Callable[[], bool], pause: Callable[[float], Awaitable[None]]) -> bool:
        """Wait for a token. False, and none is taken, if the turn must ask anew or is not wanted any more."""
        bucket, state = self._bucket, self.state
        generation, due = bucket.generation, bucket.reserve(self._now())
        taken = False
        try:
            while wanted() and bucket.generation == generation and self.state is state:
                seconds = due - self._now()
                if seconds <= 0.0:
                    taken = True
                    break
                await self._wait(seconds, pause)
        finally:
            if not taken and bucket.generation == generation:
                bucket.give_back(1)
        return taken

    async def _wait(self, seconds: float, pause: Callable[[float], Awaitable[None]]) -> None:
        """Wait so long, or until something has changed here or for the turn."""
        waits = [asyncio.ensure_future(pause(seconds)), asyncio.ensure_future(self._changed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def owns(self, partitions: int, of: int) -> None:
        """This worker has that many of the target's partitions: its part of the budget follows."""
        if self._limit and partitions:
            part = min(1.0, share(1.0, partitions, of))
            self._bucket.set_limit(self._limit * part, self._burst * part, self._now())
            self._wake()

    # -- requests: streams.ports.Pulse ------------------------------------------------------------------------------

    def sent(self) -> None:
        """See `Pulse`; the first request of a turn is paid already."""
        reserved = self._prepaid > 0
        self._prepaid -= reserved
        self._bucket.spend(self._now(), reserved=reserved)

    def answered(self) -> None:
        """See `Pulse`."""
        before = self.state
        self._good_answers += 1
        self._breaker.succeeded()
        self._tell(before)

    def failed(self, reason: str, subject: str, *, down: bool) -> None:
        """See `Pulse`."""
        before = self.state
        self._breaker.failed(reason, subject, self._now(), down=down)
        self._tell(before)

    def throttled(self, retry_after: float | None) -> None:
        """See `Pulse`. One that comes alone among good answers is its own turn's matter, and slows nobody else."""
        alone, self._good_answers = self._good_answers >= ALONE, 0
        if alone and (retry_after or 0.0) <= SHORT_SECONDS:
            return
        now = self._now()
        if self._bucket.throttled(retry_after, now):
            self._prepaid = 0  # the bucket starts anew
            self._wake()
            log.warning(
                "target_asks_for_less",
                target=self.target,
                retry_after=retry_after,
                problem=f"{self.target} answers 429: nothing is sent to it until it wants more, then at half the rate, "
                "which rises again step by step. Nothing is lost. If this goes on, set "
                f"connections.{self.target}.budget.requests_per_second to what it allows.",
            )

    # -- inside ---------------------------------------------------------------------------------------------------

    def _end_probe(self) -> None:
        self._breaker.leave()
        self._wake()

    def _wake(self) -> None:
        """Let everybody who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _tell(self, before: State) -> None:
        """Wake those who wait, and tell the operator, if the breaker has moved."""
        state = self.state
        if state is before:
            return
        self._wake()
        if before is State.CLOSED:
            self._paused_since = self._now()
        match before, state:
            case _, State.STOPPED:
                log.error(
                    "target_refuses_us",
                    target=self.target,
                    problem=f"{self._breaker.reason} Nothing is sent to {self.target} meanwhile, but one try a minute; "
                    "Kafka holds what comes, and it is delivered once that try succeeds.",
                )
            case State.CLOSED, State.OPEN:
                log.warning(
                    "target_paused",
                    target=self.target,
                    problem=f"{self.target} is down: {self._breaker.reason} Nothing more is sent, but a try every 1 to "
                    "30 s; Kafka holds what comes. Bring it back: what waits is delivered in order, nothing needs to "
                    "be replayed.",
                )
            case _, State.CLOSED:
                log.info(
                    "target_resumed",
                    target=self.target,
                    paused_seconds=round(self._now() - self._paused_since, 1),
                    problem=f"{self.target} is back: what waited is delivered now, in order.",
                )
            case _:
                pass
