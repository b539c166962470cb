"""Which entity is which, what was applied, and what was made once: links, revisions and the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from schemas.ids import Ref


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """A version of an entity: when the source says it changed, and a hash of what we map of it."""

    updated_at: datetime
    content: str


class Links(Protocol):
    """Which entity of one connection is which of another. SKU aliases are links of type ``sku``."""

    async def find(self, refs: Collection[Ref], connection: str) -> Mapping[Ref, Ref]:
        """The counterparts in ``connection`` of those refs that have one, in either direction."""
        ...

    async def insert(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        """Insert or get: returns the pair as it stands. Makes everything that waits for either ref due."""
        ...


class AppliedRevisions(Protocol):
    """The last revision applied to a target, the one place that decides stale and unchanged.

    Of absolute writes, which may land after newer ones, `OpenWrites.last_applied` says whether it still counts.
    """

    async def get(self, target: str, entities: Collection[Ref]) -> Mapping[Ref, Revision]:
        """The last applied revision of each entity that has one."""
        ...

    async def put(self, target: str, revisions: Mapping[Ref, Revision]) -> None:
        """Record what has been applied; an older ``updated_at`` never replaces a newer one."""
        ...

    async def forget(self, target: str, entities: Collection[Ref]) -> None:
        """Take them for never applied, because the target no longer has what was: the next telling is written."""
        ...


@dataclass(frozen=True, slots=True)
class EffectKey:
    """Identity of a create-once effect, without flow or version, so that replays and new flows meet the same row.

    Attributes:
        step: which call of an effect of several; empty for the first.
    """

    target: str
    operation: str
    source: Ref
    step: str = ""

    def __str__(self) -> str:
        operation = f"{self.operation} ({self.step})" if self.step else self.operation
        return f"{operation} of {self.source} in {self.target}"


class EffectState(StrEnum):
    """State of a create-once effect."""

    PENDING = "pending"
    """May have been sent."""
    OPEN = "open"
    """Provably not done: never sent, or refused."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One create-once effect, or one step of it.

    Attributes:
        owner: the worker that began it last.
        epoch: rises with every begin; the fencing token.
        request_hash: hash of what was sent.
        target_id: id of what was made, when done.
        settle_until: a negative look-up counts only after this, by the store's clock; for messages.
        settled: whether that has passed, as the store judged it when it was read.
        sends: begins of which none knows that they did nothing: all but those that were reopened.
        announced: False while it is done and its confirmation may not have been published.
    """

    key: EffectKey
    state: EffectState
    owner: str
    epoch: int
    request_hash: str
    settle_until: datetime
    settled: bool
    sends: int = 0
    target_id: str = ""
    announced: bool = True

    @property
    def may_begin(self) -> bool:
        """Whether it may be sent (again), if nothing shows that it was made."""
        return self.state is EffectState.OPEN or (self.state is EffectState.PENDING and self.settled)


@dataclass(frozen=True, slots=True)
class EffectDone:
    """What becomes durable together when an effect is done.

    Attributes:
        announced: False if its confirmation is published next.
    """

    key: EffectKey
    epoch: int
    target_id: str
    announced: bool = True
    link: tuple[Ref, Ref] | None = None
    applied: Mapping[Ref, Revision] = field(default_factory=dict)


class Ledger(Protocol):
    """Create-once effects, kept so that one source document never makes two.

    The store's clock judges what has settled, so that workers whose clocks differ agree.
    """

    async def get(self, key: EffectKey) -> LedgerRow | None:
        """The row, or None if the effect was never begun."""
        ...

    async def begin(
        self, key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle: timedelta
    ) -> LedgerRow:
        """Become pending with epoch ``after_epoch + 1`` until ``settle`` from now; durable on return, before the first
        byte leaves.

        Compare-and-set on the epoch (0 = no row yet). Raises Fenced if the row has moved on, is done, or is pending
        and has not settled.
        """
        ...

    async def reopen(self, key: EffectKey, *, epoch: int) -> None:
        """The target provably did not act: pending becomes open, and that send counts no more.

        Raises Fenced if the epoch has moved on.
        """
        ...

    async def finish(self, done: EffectDone) -> None:
        """Record the effect, its link and its applied revision in one transaction; wakes what waits for the link.

        Finishing a row that is done with the same target id is a no-op. The epoch is not compared: what was made
        was made, whoever made it.
        """
        ...

    def note_announced(self, key: EffectKey) -> None:
        """The effect's confirmation has been published. Written soon; if a crash loses it, it is published again.

        Returns at once; must be called within a running event loop.
        """
        ...
