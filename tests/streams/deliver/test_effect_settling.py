"""A target that is late in all it does: it stores after the time-out, and its look-ups lag behind what it stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from streams.deliver.create_once import CreateOnce, Ids, Step
from streams.deliver.effect import Effects
from streams.deliver.operations import CREATE_ORDER
from streams.errors import OutcomeUnknown, TillstreamError
from streams.ports import EffectKey, LedgerRow
from tests.streams.deliver.effect_bench import KEY, SETTLING
from tests.twins.clock import FakeClock
from tests.twins.store import MemoryApplied, MemoryLedger, MemoryLinks

LONGEST = SETTLING.timeout + SETTLING.longest_execution


@dataclass(frozen=True)
class Lateness:
    """All in seconds."""

    frozen: float
    """Between the ledger's begin and the send."""
    lands: float
    """Between the send and the moment at which the target stores it."""
    lag: float
    """Of the look-ups."""
    pause: float
    """Before the next try."""


LATENESS = st.builds(
    Lateness,
    frozen=st.sampled_from([0.0, SETTLING.fence]),
    lands=st.floats(0, LONGEST) | st.just(LONGEST),
    lag=st.floats(0, SETTLING.lookup_lag) | st.just(SETTLING.lookup_lag),
    pause=st.floats(0, LONGEST + 10),
)


@dataclass
class LateTarget:
    clock: FakeClock
    late: Lateness
    stored: list[datetime] = field(default_factory=list)

    async def find(self, _before: Ids) -> str | None:
        as_of = self.clock.now() - timedelta(seconds=self.late.lag)
        return next((str(number) for number, moment in enumerate(self.stored, 1) if moment <= as_of), None)

    async def send(self, _before: Ids) -> str:
        self.stored.append(self.clock.now() + timedelta(seconds=self.late.lands))
        self.clock.move(SETTLING.timeout)
        raise OutcomeUnknown("silence")


class FreezingLedger(MemoryLedger):
    """Its worker stands still for a while after it has begun."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(MemoryLinks(), MemoryApplied(), clock)
        self.clock = clock
        self.seconds = 0.0

    async def begin(
        self, key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle: timedelta
    ) -> LedgerRow:
        row = await super().begin(key, owner=owner, after_epoch=after_epoch, request_hash=request_hash, settle=settle)
        self.clock.move(self.seconds)
        return row


@given(st.lists(LATENESS, min_size=1, max_size=12))
def test_a_target_that_stores_late_and_shows_late_never_gets_two(tries: list[Lateness]) -> None:
    async def run() -> None:
        clock = FakeClock()
        ledger, target = FreezingLedger(clock), LateTarget(clock, tries[0])
        step = Step(CREATE_ORDER, "h", "order W-42", send=target.send, find=target.find)
        effect = CreateOnce(KEY, steps=(step,))
        for number, late in enumerate(tries):
            target.late, ledger.seconds = late, late.frozen
            try:
                await Effects(ledger, clock, owner=f"worker-{number % 2}", settling=SETTLING).perform(effect)
            except TillstreamError:
                clock.move(late.pause)
        assert len(target.stored) == 1

    asyncio.run(run())
