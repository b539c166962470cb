"""Absolute values that may land in a target late, after newer ones: what every delivery of such values does about it.

Each is opened in the store before it is sent. While one of an entity is open beside another, nothing about it counts as
unchanged; when all have had their time, `streams/deliver/doubts.py` has the entity read again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from schemas.ids import Ref
from streams import groups
from streams.errors import PROVABLY_NOT_DONE, Transient
from streams.ports import Claim, Clock, Intent, OpenWrite, OpenWrites, Revision
from streams.runtime.lanes import NotDone
from streams.runtime.work import Arrival


@dataclass(frozen=True, slots=True)
class LateWrites:
    """The open writes to one target.

    Attributes:
        settle: how long something may still come of one that got no answer.
        fence: longest pause between the opening of one and its send; a worker frozen for longer does not send.
    """

    target: str
    writes: OpenWrites
    clock: Clock
    settle: timedelta
    fence: timedelta

    async def doubtful(self, entity: Ref) -> bool:
        """Whether the target may have another value than the one that was applied last, or get it yet."""
        return (await self.writes.last_applied(self.target, entity)).doubtful

    async def begin(self, arrival: Arrival, entity: Ref) -> Landing:
        """Call it before the target is read: what lands after the reading must leave a doubt.

        Raises NotDone if another worker has the event by now.
        """
        intent = intent_of(self.target, arrival, entity)
        return Landing(self, intent, await self.open(intent))

    async def open(self, intent: Intent) -> OpenWrite:
        """Durable on return. Raises NotDone if another worker has the event by now."""
        opened = await self.writes.open(self.target, [intent], self.settle)
        if intent.entity not in opened:
            raise NotDone
        return opened[intent.entity]


@dataclass(frozen=True, slots=True)
class Landing:
    """One telling on its way into the target: from before the target is read until it has all of it."""

    late: LateWrites
    intent: Intent
    began: OpenWrite

    async def send(self, what: str, call: Callable[[], Awaitable[None]]) -> None:
        """Make a call, which is open until it is answered; one that gets no answer stays so.

        Raises:
            Transient: it was not sent, for this worker had stopped before; or as the call does.
            NotDone: another worker has the event by now.
        """
        late, before = self.late, self.late.clock.now()
        opened = await late.open(self.intent)
        if late.clock.now() - before > late.fence:
            await late.writes.withdraw([opened])
            raise Transient(f"{what} was not sent: this worker had stopped.")
        try:
            await call()
        except PROVABLY_NOT_DONE:
            await late.writes.withdraw([opened])
            raise
        await late.writes.withdraw([opened])

    async def landed(self, revision: Revision | None) -> None:
        """The target has it, or is to get nothing any more (None). What came before and has had its time is over."""
        await self.late.writes.landed(self.late.target, self.began, revision)

    async def withdraw(self) -> None:
        """It was broken off; calls that got no answer stay open."""
        await self.late.writes.withdraw([self.began])


def intent_of(target: str, arrival: Arrival, entity: Ref) -> Intent:
    """A write of an event, under the claim that its worker has on it."""
    record = arrival.record
    claim = Claim(groups.deliver(target), record.topic, record.partition, arrival.epoch)
    return Intent(entity, claim, arrival.envelope.receipt_id)
