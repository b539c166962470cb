"""An effect that must happen once: one call, or a few in order, each with its own ledger row and look-up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from schemas.ids import Ref
from streams.deliver.operations import Operation, OperationKind
from streams.ports import EffectDone, EffectKey, Revision

Ids = tuple[str, ...]
"""What steps made in the target, in their order."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call to the target.

    Attributes:
        operation: how it is declared.
        request_hash: hash of what is sent.
        sought: what a person looks for in the target, such as ``order W-42``.
        send: the mutation, given what the steps before made; sent once.
        find: reads the target by the natural key or marker, given the same; raises Rejected on a collision. None if and
            only if the operation is declared without a look-up.
        name: tells it from the effect's other steps in the ledger; the first has none.
    """

    operation: Operation
    request_hash: str
    sought: str
    send: Callable[[Ids], Awaitable[str]]
    find: Callable[[Ids], Awaitable[str | None]] | None
    name: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError if it is not as its operation is declared."""
        name, lookup = self.operation.name, self.operation.lookup
        if self.operation.kind is not OperationKind.CREATE_ONCE:
            raise ValueError(f"{name} sets a value: it is not made once")
        if lookup is None and self.find is not None:
            raise ValueError(f"{name} is declared without a look-up, and is built with one")
        if lookup is not None and self.find is None:
            raise ValueError(f"{name} is looked up by {lookup}, and is built without a look-up")


@dataclass(frozen=True, slots=True)
class CreateOnce:
    """One effect that must happen once.

    Attributes:
        key: its identity, without flow or version; names the first step's operation.
        steps: its calls; each begins only when the one before is done.
        announce: publishes the confirmation, given what was made, which was sent or looked up just before. Called once
            the ledger says done, and again after a crash in between.
        link: the refs to link, given what was made.
        applied: revisions that are applied with it.
        read_back: those of them that only what was made can tell, given what was made: it may have been made from
            another telling than this one.
    """

    key: EffectKey
    steps: tuple[Step, ...]
    announce: Callable[[Ids], Awaitable[None]] | None = None
    link: Callable[[Ids], tuple[Ref, Ref]] | None = None
    applied: Mapping[Ref, Revision] = field(default_factory=dict)
    read_back: Callable[[Ids], Mapping[Ref, Revision]] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError if the ledger could not tell its steps apart, or from those of another effect."""
        names = [step.name for step in self.steps]
        if names[:1] != [""] or len(set(names)) != len(names):
            raise ValueError(f"the steps of {self.key.operation} are named {names}: only the first may have no name")
        if self.steps[0].operation.name != self.key.operation:
            raise ValueError(f"{self.steps[0].operation.name} under the key of {self.key.operation}")


@dataclass(frozen=True, slots=True)
class Call:
    """A step whose turn it is.

    Attributes:
        effect: the step's effect.
        step: the step.
        before: what the steps before it made.
    """

    effect: CreateOnce
    step: Step
    before: Ids

    @property
    def key(self) -> EffectKey:
        """Of its ledger row."""
        return replace(self.effect.key, step=self.step.name) if self.step.name else self.effect.key

    @property
    def is_last(self) -> bool:
        """Whether the effect is done with it."""
        return self.step is self.effect.steps[-1]

    @property
    def announce(self) -> Callable[[Ids], Awaitable[None]] | None:
        """The effect's confirmation, if it is done with this step and has one."""
        return self.effect.announce if self.is_last else None

    @property
    def looks_up(self) -> bool:
        """Whether the target can be asked for it."""
        return self.step.find is not None

    async def look(self) -> str | None:
        """Its id in the target; None if the target does not show it, or cannot be asked."""
        return await self.step.find(self.before) if self.step.find is not None else None

    async def send(self) -> str:
        """Make it; its id in the target."""
        return await self.step.send(self.before)

    def done(self, target_id: str, epoch: int) -> EffectDone:
        """What becomes durable; the effect's link and revisions come with its last step."""
        key, effect = self.key, self.effect
        if not self.is_last:
            return EffectDone(key, epoch, target_id)
        ids = (*self.before, target_id)
        link = effect.link(ids) if effect.link is not None else None
        read_back = effect.read_back(ids) if effect.read_back is not None else {}
        return EffectDone(key, epoch, target_id, self.announce is None, link, {**effect.applied, **read_back})
