"""Absolute writes that a target may carry out late, after newer ones: what makes an applied revision doubtful."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from schemas.ids import Ref
from streams.ports.effects import Revision


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim on a partition under which a worker writes (`Held.claim`)."""

    group: str
    topic: str
    partition: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent: of which entity, under which claim, for which receipt."""

    entity: Ref
    claim: Claim
    receipt_id: str


@dataclass(frozen=True, slots=True)
class OpenWrite:
    """A write that may have been sent, and may still land in the target.

    Attributes:
        id: given when it was opened.
        receipt_id: the event that was written.
    """

    id: int
    entity: Ref
    receipt_id: str


@dataclass(frozen=True, slots=True)
class LastApplied:
    """What a target has of an entity.

    Attributes:
        revision: the last one that was applied; None if there was none.
        doubtful: whether a write that is not known to have landed before it may have replaced it, or may do so yet.
    """

    revision: Revision | None
    doubtful: bool


class OpenWrites(Protocol):
    """Writes of absolute values to targets, from just before they are sent until nothing can come of them any more.

    A write of which two are open at once may land in either order, whatever was answered first. Only one that is opened
    when all others have had their time, and is answered, says what the target has. All times are the store's own.
    """

    async def last_applied(self, target: str, entity: Ref) -> LastApplied:
        """What the target has of the entity."""
        ...

    async def open(self, target: str, intents: Collection[Intent], settle: timedelta) -> Mapping[Ref, OpenWrite]:
        """Durable on return, before the first byte leaves; entities whose claim is not the last one are left out.

        Args:
            target: the connection that is written to.
            intents: at most one of an entity.
            settle: after this nothing can come of a write that got no answer.
        """
        ...

    async def landed(self, target: str, write: OpenWrite, revision: Revision | None) -> None:
        """The target answered that it has done it: the revision is applied, unless a newer one is. Without a revision
        nothing is applied: the target is to get nothing of the entity any more.

        It ends what had its time before this write was opened. If another was open meanwhile, the doubt stays.
        """
        ...

    async def withdraw(self, writes: Collection[OpenWrite]) -> None:
        """The target provably did not do these, and will not."""
        ...

    async def due(self, target: str, *, again: timedelta, limit: int) -> Sequence[OpenWrite]:
        """Writes that leave a doubt of an entity, of which nothing is open any more; the newest of each entity.

        They are due again after as long as they are old by now, at least ``again``, if they are still here. No other
        caller gets them meanwhile.
        """
        ...
