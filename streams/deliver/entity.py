"""The one way in which any entity is delivered: is its telling news, what is to be done about it, and how did it end.

What is particular to an entity is its `Planner`: it says under which ref the entity's revisions are kept, and makes of
a telling that is news the list of writes to the target. All else is here, once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Generic, Protocol, TypeVar

from schemas.canonical import Canonical
from schemas.envelope import Via
from schemas.ids import Ref
from streams.deliver.create_once import CreateOnce
from streams.deliver.desk import Desk
from streams.deliver.late_writes import Landing, LateWrites
from streams.deliver.operations import Operation
from streams.deliver.revisions import Verdict, judge
from streams.deliver.stopped import AlreadyHeld
from streams.errors import DependencyMissing, Rejected
from streams.launch.cutover import Standing
from streams.ports import JournalEntry, Outcome, Revision
from streams.runtime.body import entity_of
from streams.runtime.work import Arrival, Work

Entity = TypeVar("Entity", bound=Canonical)

_AS_IT_HAPPENS = frozenset({Via.WEBHOOK, Via.POLL})


@dataclass(frozen=True, slots=True)
class About:
    """What a telling is about.

    Attributes:
        ref: under which the entity's revisions are kept.
        revision: the telling's.
        subject: what a person calls it: an order's number, an e-mail.
        source: what is read again where two tellings of one time differ.
        also: other refs whose revisions the planner looks at.
    """

    ref: Ref
    revision: Revision
    subject: str
    source: Ref
    also: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class SetState:
    """A write that sets a value: called again, it changes nothing.

    Attributes:
        operation: how it is declared.
        what: for who asks what would be done: ``order 42 gets 17``.
        call: makes it.
        applied: revisions that are applied with it.
    """

    operation: Operation
    what: str
    call: Callable[[], Awaitable[object]]
    applied: Mapping[Ref, Revision] = field(default_factory=dict)


Write = SetState | CreateOnce


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done.

    Attributes:
        would: it, for a flow that only observes: ``tell 'Open' on order 42``.
        done: it, once it is done.
        writes: in their order; each begins when the one before is done.
        caused: suffixes of the receipts of events that the writes publish; each adds its own.
        first: awaited before the first of them, and never by a flow that only observes: asks a guard, which raises
            Guarded or AlreadyHeld, or keeps what must be known from then on.
        mails: whether the customer gets an e-mail of it; None if that is as its operations are declared.
    """

    would: str
    done: str
    writes: tuple[Write, ...]
    first: Callable[[], Awaitable[None]] | None = None
    caused: list[str] = field(default_factory=list)
    mails: bool | None = None

    @property
    def operations(self) -> list[Operation]:
        """What it calls, in order."""
        return [called for write in self.writes for called in _called(write)]

    @property
    def will_mail(self) -> bool:
        """Whether the customer gets an e-mail of it."""
        return any(called.mails for called in self.operations) if self.mails is None else self.mails


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is to be done.

    Attributes:
        outcome: how the telling ends.
        why: for the journal.
        settled: whether that stays so, as if it had been applied.
    """

    outcome: Outcome
    why: str
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a planner is told besides the entity.

    Attributes:
        work: where it says how far it got.
        arrival: the event.
        known: the revisions of what the telling is about that were applied before.
    """

    work: Work
    arrival: Arrival
    known: Mapping[Ref, Revision]

    @property
    def may_mail(self) -> bool:
        """Whether customers may be written to because of it: by what a system tells as it happens, and not by what is
        read, repaired or replayed later."""
        return self.arrival.envelope.via in _AS_IT_HAPPENS and not self.arrival.replays


class Planner(Protocol[Entity]):
    """What is particular to one kind of entity in one target."""

    @property
    def model(self) -> type[Entity]:
        """The canonical entity."""
        ...

    @property
    def blocks(self) -> bool:
        """Whether later events of the key need this one (a create-once)."""
        ...

    def about(self, entity: Entity) -> About:
        """What the telling is about. Pure."""
        ...

    async def plan(self, entity: Entity, turn: Turn) -> Plan | Nothing:
        """What is to be done about a telling that is news. It may read the target, and writes nothing.

        Raises:
            Rejected: a person must decide.
            DependencyMissing: something that it needs is not there yet.
        """
        ...


class EntityDelivery(Generic[Entity]):
    """Delivers one kind of entity to one target; a `streams.deliver.handler.Delivery`.

    Args:
        rereads: whether what a person lets go on is read again at its source instead of written as it was, which may be
            days old by then. What they have edited is written.
        late: where its writes are open, if an older value may land after a newer one.
    """

    def __init__(
        self, desk: Desk, planner: Planner[Entity], *, rereads: bool = False, late: LateWrites | None = None
    ) -> None:
        self._desk = desk
        self._planner = planner
        self._rereads = rereads
        self._late = late

    @property
    def blocks(self) -> bool:
        """See `Delivery.blocks`."""
        return self._planner.blocks

    def newest(self, arrivals: Sequence[Arrival]) -> Arrival:
        """See `Delivery.newest`."""
        return arrivals[-1]

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry:
        """Deliver one telling."""
        desk = self._desk
        entity = entity_of(arrival, self._planner.model)
        about = self._planner.about(entity)
        work.subject = about.subject
        if self._rereads and arrival.replays and arrival.row is not None and arrival.row.edited is None:
            return await desk.read_again(work, arrival, about.source)
        known = await desk.applied.get(desk.target, [about.ref, *about.also])
        applied = known.get(about.ref)
        stands = await desk.standing(work, arrival, entity, about.source.connection)
        if stands is Standing.BEFORE and applied is None:
            return desk.left(work, arrival)
        verdict = judge(about.revision, applied, read_again=arrival.envelope.via is Via.READ_AGAIN)
        if verdict is Verdict.UNCHANGED and self._late is not None and await self._late.doubtful(about.ref):
            verdict = Verdict.APPLY
        match verdict:
            case Verdict.UNCHANGED:
                return await desk.unchanged(work, arrival, about.ref, about.revision, applied, "told already")
            case Verdict.STALE:
                return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), "an older telling")
            case Verdict.READ_AGAIN:
                return await desk.read_again(work, arrival, about.source)
            case Verdict.APPLY:
                async with self._landing(arrival, about, stands) as landing:
                    return await self._apply(work, arrival, entity, about, known, stands, landing)

    @asynccontextmanager
    async def _landing(self, arrival: Arrival, about: About, stands: Standing) -> AsyncIterator[Landing | None]:
        """None where nothing is written, or what is written cannot land late."""
        if self._late is None or stands is Standing.OBSERVES:
            yield None
            return
        landing = await self._late.begin(arrival, about.ref)
        try:
            yield landing
        except Exception:
            await landing.withdraw()
            raise

    async def _apply(
        self,
        work: Work,
        arrival: Arrival,
        entity: Entity,
        about: About,
        known: Mapping[Ref, Revision],
        stands: Standing,
        landing: Landing | None,
    ) -> JournalEntry:
        desk = self._desk
        try:
            plan = await self._planner.plan(entity, Turn(work, arrival, known))
        except (Rejected, DependencyMissing) as refusal:
            return desk.refused(work, arrival, stands, refusal)
        if isinstance(plan, Nothing):
            await self._settle(about, plan, stands, landing)
            return work.entry(arrival, plan.outcome, desk.clock.now(), plan.why)
        work.step = plan.operations[0].name
        held_back = desk.held_back(work, arrival, stands, plan.would, mails=plan.will_mail)
        if held_back is not None:
            return held_back
        if plan.first is not None:
            try:
                await plan.first()
            except AlreadyHeld as held:
                if landing is not None:
                    await landing.withdraw()
                return work.entry(arrival, Outcome.SUPERSEDED, desk.clock.now(), str(held))
        await self._write_all(work, arrival, about, plan, landing)
        return work.entry(arrival, Outcome.DELIVERED, desk.clock.now(), plan.done, children=plan.caused)

    async def _settle(self, about: About, plan: Nothing, stands: Standing, landing: Landing | None) -> None:
        if landing is not None:
            await landing.landed(about.revision if plan.settled else None)
        elif plan.settled and stands is not Standing.OBSERVES:
            await self._desk.applied.put(self._desk.target, {about.ref: about.revision})

    async def _write_all(self, work: Work, arrival: Arrival, about: About, plan: Plan, landing: Landing | None) -> None:
        if landing is None:
            for write in with_revision(plan.writes, {about.ref: about.revision}):
                await self._write(work, arrival, write)
            return
        for write in plan.writes:
            await self._write(work, arrival, write, landing)
        await landing.landed(about.revision)

    async def _write(self, work: Work, arrival: Arrival, write: Write, landing: Landing | None = None) -> None:
        if isinstance(write, CreateOnce):
            work.step = write.key.operation
            # One that is announced counts as told only then: after a crash in between the event comes again.
            told = write if write.announce is None else replace(write, applied={})
            await self._desk.effects.perform(told, replays=arrival.replays)
            if told is not write:
                await self._desk.applied.put(self._desk.target, write.applied)
            return
        work.step = write.operation.name
        call = partial(self._desk.effects.set, write.operation, write.what, write.call)
        await (call() if landing is None else landing.send(write.what, call))
        if write.applied:
            await self._desk.applied.put(self._desk.target, write.applied)


def _called(write: Write) -> list[Operation]:
    return [step.operation for step in write.steps] if isinstance(write, CreateOnce) else [write.operation]


def with_revision(writes: tuple[Write, ...], applied: Mapping[Ref, Revision]) -> tuple[Write, ...]:
    """The writes, of which the last one applies those revisions too: a telling counts only when all of it is done."""
    *before, last = writes
    return (*before, replace(last, applied={**last.applied, **applied}))
