"""Absolute values that may land in a target late, after newer ones: what every delivery of such values does about it.

Each is opened in the store before it is sent. While one of an entity is open beside another, nothing about it counts as
unchanged; when all have had their time, `streams/deliver/doubts.py` has the entity read again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from schemas.ids import Ref
from streams import groups
from streams.ports import Claim, Intent, OpenWrite, OpenWrites, Revision
from streams.runtime.lanes import NotDone
from streams.runtime.work import Arrival


@dataclass(frozen=True, slots=True)
class LateWrites:
    """The open writes to one target.

    Attributes:
        settle: how long something may still come of one that got no answer.
    """

    target: str
    writes: OpenWrites
    settle: timedelta

    async def doubtful(self, entity: Ref) -> bool:
        """Whether the target may have another value than the one that was applied last, or get it yet."""
        return (await self.writes.last_applied(self.target, entity)).doubtful

    async def open(self, arrival: Arrival, entity: Ref) -> OpenWrite:
        """Durable on return, before the first byte leaves. Raises NotDone if another worker has the event by now."""
        intent = intent_of(self.target, arrival, entity)
        opened = await self.writes.open(self.target, [intent], self.settle)
        if entity not in opened:
            raise NotDone
        return opened[entity]

    async def landed(self, write: OpenWrite, revision: Revision) -> None:
        """The target has it; see `OpenWrites.landed`."""
        await self.writes.landed(self.target, write, revision)

    async def withdraw(self, write: OpenWrite) -> None:
        """The target provably did not do it."""
        await self.writes.withdraw([write])


def intent_of(target: str, arrival: Arrival, entity: Ref) -> Intent:
    """A write of an event, under the claim that its worker has on it."""
    record = arrival.record
    claim = Claim(groups.deliver(target), record.topic, record.partition, arrival.epoch)
    return Intent(entity, claim, arrival.envelope.receipt_id)
