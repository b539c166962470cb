"""The store in memory: small, faithful to PostgreSQL's, for tests of the stages.

The contract suites in tests/contract run on these and on the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from schemas.ids import MissingLink, Ref
from streams.deliver.ledger import same_target
from streams.errors import Rejected
from streams.ports import (
    Clock,
    EffectDone,
    EffectKey,
    EffectState,
    Fenced,
    FlowStop,
    HeldKey,
    HeldRecord,
    Hold,
    HoldReason,
    JournalEntry,
    LedgerRow,
    Outcome,
    Place,
    Record,
    Revision,
)
from tests.twins.agreements import MemoryAgreements
from tests.twins.checks import MemoryChecks
from tests.twins.cutovers import MemoryCutovers
from tests.twins.feeds import MemoryCursors, MemoryLeases
from tests.twins.guards import MemoryGuards, MemoryWrittenStock
from tests.twins.oversells import MemoryOversells
from tests.twins.registrations import MemoryRegistrations
from tests.twins.writes import MemoryOpenWrites


class MemoryLinks:
    """Implements `streams.ports.Links`."""

    def __init__(self) -> None:
        self.counterparts: dict[tuple[Ref, str], Ref] = {}
        self.listeners: list[Callable[[Collection[Ref]], None]] = []
        """Told of the refs that have been linked."""

    async def find(self, refs: Collection[Ref], connection: str) -> Mapping[Ref, Ref]:
        return {ref: self.counterparts[ref, connection] for ref in refs if (ref, connection) in self.counterparts}

    async def insert(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        pair = self._pair(one, other)
        if pair == (one, other):
            self.counterparts[one, other.connection] = other
            self.counterparts[other, one.connection] = one
        for tell in self.listeners:
            tell((one, other))
        return pair

    def _pair(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        if known := self.counterparts.get((one, other.connection)):
            return one, known
        if known := self.counterparts.get((other, one.connection)):
            return known, other
        return one, other

    def has(self, missing: MissingLink) -> bool:
        """Whether the link is there by now."""
        return any(
            ref == missing.ref and missing.connection in ("", connection) and str(other) != missing.unlike
            for (ref, connection), other in self.counterparts.items()
        )


class MemoryApplied:
    """Implements `streams.ports.AppliedRevisions`."""

    def __init__(self) -> None:
        self.revisions: dict[tuple[str, Ref], Revision] = {}

    async def get(self, target: str, entities: Collection[Ref]) -> Mapping[Ref, Revision]:
        return {ref: self.revisions[target, ref] for ref in entities if (target, ref) in self.revisions}

    async def put(self, target: str, revisions: Mapping[Ref, Revision]) -> None:
        for ref, revision in revisions.items():
            known = self.revisions.get((target, ref))
            if known is None or known.updated_at <= revision.updated_at:
                self.revisions[target, ref] = revision

    async def forget(self, target: str, entities: Collection[Ref]) -> None:
        for ref in entities:
            self.revisions.pop((target, ref), None)


class MemoryLedger:
    """Implements `streams.ports.Ledger`."""

    def __init__(self, links: MemoryLinks, applied: MemoryApplied, clock: Clock) -> None:
        self.rows: dict[EffectKey, LedgerRow] = {}
        self._links = links
        self._applied = applied
        self._clock = clock

    async def get(self, key: EffectKey) -> LedgerRow | None:
        return self._row(key)

    def _row(self, key: EffectKey) -> LedgerRow | None:
        row = self.rows.get(key)
        return row and replace(row, settled=row.settle_until <= self._clock.now())

    async def begin(
        self, key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle: timedelta
    ) -> LedgerRow:
        row = self._row(key)
        if (row.epoch if row else 0) != after_epoch or (row and not row.may_begin):
            raise Fenced(f"{key} has moved on from epoch {after_epoch}")
        self.rows[key] = LedgerRow(
            key=key,
            state=EffectState.PENDING,
            owner=owner,
            epoch=after_epoch + 1,
            request_hash=request_hash,
            settle_until=self._clock.now() + settle,
            settled=settle <= timedelta(0),
            sends=(row.sends if row else 0) + 1,
        )
        return self.rows[key]

    async def reopen(self, key: EffectKey, *, epoch: int) -> None:
        row = self.rows.get(key)
        if row is None or row.epoch != epoch or row.state is EffectState.DONE:
            raise Fenced(f"{key} has moved on from epoch {epoch}")
        sends = row.sends - 1 if row.state is EffectState.PENDING else row.sends
        self.rows[key] = replace(row, state=EffectState.OPEN, sends=sends)

    async def finish(self, done: EffectDone) -> None:
        row = self.rows.get(done.key)
        if row is None:
            row = LedgerRow(done.key, EffectState.OPEN, "", done.epoch, "", self._clock.now(), settled=True)
        if row.state is EffectState.DONE and not same_target(row.target_id, done.target_id):
            raise Rejected(f"{done.key} is done as {row.target_id}, and now as {done.target_id}", code="doubled_effect")
        announced = row.announced if row.state is EffectState.DONE else done.announced
        target_id = row.target_id or done.target_id
        self.rows[done.key] = replace(row, state=EffectState.DONE, target_id=target_id, announced=announced)
        await self._applied.put(done.key.target, done.applied)
        if done.link:
            await self._links.insert(*done.link)

    def note_announced(self, key: EffectKey) -> None:
        self.rows[key] = replace(self.rows[key], announced=True)


@dataclass
class _Row:
    group: str
    held: HeldRecord

    @property
    def place(self) -> tuple[str, Place]:
        return self.group, Place.of(self.held.record)

    @property
    def queue(self) -> tuple[str, str, int, str]:
        record = self.held.record
        return self.group, record.topic, record.partition, self.held.hold.key


class MemoryHeld:
    """Implements `streams.ports.Held`."""

    def __init__(self, links: MemoryLinks, clock: Clock) -> None:
        self.rows: dict[tuple[str, Place], _Row] = {}
        self.epochs: dict[tuple[str, str, int], int] = {}
        self.ended: dict[tuple[str, str, int, int], Place] = {}
        self._links = links
        self._clock = clock
        self._seq = count(1)
        links.listeners.append(self._wake)

    @property
    def records(self) -> list[HeldRecord]:
        """Everything held, in order."""
        return sorted((row.held for row in self.rows.values()), key=lambda held: held.seq)

    async def claim(self, group: str, topic: str, partitions: Collection[int], owner: str) -> Mapping[int, int]:
        for number in partitions:
            self.epochs[group, topic, number] = self.epochs.get((group, topic, number), 0) + 1
        return {number: self.epochs[group, topic, number] for number in partitions}

    def _check(self, group: str, record: Record, epoch: int) -> None:
        if self.epochs.get((group, record.topic, record.partition)) != epoch:
            raise Fenced(f"{record.topic} {record.partition} has been claimed anew since epoch {epoch}")

    async def hold(self, group: str, record: Record, hold: Hold, *, epoch: int) -> None:
        self._check(group, record, epoch)
        if hold.reason is HoldReason.PERSON:
            hold = replace(hold, due_at=None)
        if hold.waits_for and hold.reason is not HoldReason.TIME and self._links.has(hold.waits_for):
            hold = replace(hold, reason=HoldReason.TIME, due_at=self._clock.now())
        row = _Row(group, HeldRecord(next(self._seq), hold, record, self._clock.now()))
        known = self.rows.get(row.place)
        if known and known.held.given_up:
            return
        if known:
            row.held = replace(known.held, hold=hold)
        self.rows[row.place] = row

    async def queue(self, group: str, record: Record, hold: Hold, *, epoch: int) -> None:
        self._check(group, record, epoch)
        if (group, Place.of(record)) not in self.rows:
            await self.hold(group, record, hold, epoch=epoch)

    async def blocked(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[HeldKey]:
        return frozenset(
            HeldKey(topic, row.held.record.partition, row.held.hold.key)
            for row in self._of(group, topic, partitions)
            if row.held.hold.blocks
        )

    async def due(
        self,
        group: str,
        topic: str,
        partitions: Collection[int],
        now: datetime,
        limit: int,
        besides: Collection[int] = (),
    ) -> Sequence[HeldRecord]:
        due = [row.held for row in self._of(group, topic, partitions) if self._is_due(row, now)]
        found = [held for held in due if held.seq not in besides]
        return sorted(found, key=lambda held: (not held.given_up, held.seq))[:limit]

    async def get(self, group: str, record: Record) -> HeldRecord | None:
        row = self.rows.get((group, Place.of(record)))
        return row.held if row else None

    async def remove(self, group: str, record: Record, *, epoch: int) -> bool:
        self._check(group, record, epoch)
        self.rows.pop((group, Place.of(record)), None)
        key = group, record.topic, record.partition, record.offset
        newest = max(record.timestamp_ms, self.ended.get(key, Place.of(record)).timestamp_ms)
        self.ended[key] = Place(*key[1:], newest)
        queue = group, record.topic, record.partition, record.key.decode("utf-8", "replace")
        return any(row.queue == queue and row.held.hold.blocks for row in self._all())

    def give_up(self, group: str, record: Record, message: str) -> None:
        """What `app.store.HeldDesk.discard` does."""
        row = self.rows.get((group, Place.of(record)))
        if row is not None:
            now = self._clock.now()
            hold = replace(row.held.hold, reason=HoldReason.TIME, due_at=min(row.held.hold.due_at or now, now))
            row.held = replace(row.held, hold=hold, given_up=row.held.given_up or message)

    def release(self, group: str, record: Record, edited: bytes | None = None) -> None:
        """What `app.store.HeldDesk.release` does."""
        row, now = self.rows.get((group, Place.of(record))), self._clock.now()
        if row is None or row.held.given_up:
            return
        hold, replays = row.held.hold, row.held.replays + (row.held.hold.reason is HoldReason.PERSON)
        if hold.reason is HoldReason.TIME and hold.due_at is not None and hold.due_at <= now:
            return
        patient = replace(hold, attempts=0, looks=0) if hold.reason is HoldReason.PERSON else hold
        freed = replace(patient, reason=HoldReason.TIME, due_at=now)
        row.held = replace(row.held, hold=freed, replays=replays, edited=edited or row.held.edited)

    async def settled(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[Place]:
        ended = [place for key, place in self.ended.items() if key[:2] == (group, topic) and key[2] in partitions]
        passing = [row.held.record for row in self._of(group, topic, partitions) if not row.held.hold.blocks]
        return frozenset([*ended, *map(Place.of, passing)])

    async def forget(self, group: str, topic: str, below: Mapping[int, int]) -> None:
        for key, place in list(self.ended.items()):
            if key[:2] == (group, topic) and place.offset < below.get(place.partition, 0):
                del self.ended[key]

    def _all(self) -> list[_Row]:
        return list(self.rows.values())

    def _of(self, group: str, topic: str, partitions: Collection[int]) -> list[_Row]:
        return [
            row
            for row in self._all()
            if row.group == group and row.held.record.topic == topic and row.held.record.partition in partitions
        ]

    def _is_due(self, row: _Row, now: datetime) -> bool:
        hold = row.held.hold
        if hold.due_at is None or hold.due_at > now:
            return False
        return (
            not hold.blocks
            or bool(row.held.given_up)
            or not any(
                other.queue == row.queue and other.held.hold.blocks and other.held.seq < row.held.seq
                for other in self._all()
            )
        )

    def _wake(self, refs: Collection[Ref]) -> None:
        for row in self._all():
            hold = row.held.hold
            missing = hold.waits_for
            if missing and missing.ref in refs and hold.reason is not HoldReason.TIME and self._links.has(missing):
                anew = replace(hold, attempts=0, looks=0) if hold.reason is HoldReason.PERSON else hold
                woken = replace(anew, reason=HoldReason.TIME, due_at=self._clock.now())
                row.held = replace(row.held, hold=woken)


class MemoryJournal:
    """Implements `streams.ports.Journal`."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            if not any(_replaces(known, entry) for known in self.entries):
                self.entries.append(entry)


def _replaces(known: JournalEntry, entry: JournalEntry) -> bool:
    if known.receipt_id != entry.receipt_id or entry.outcome is Outcome.RELEASED:
        return False
    return (known.outcome.ends and entry.outcome.ends) or _line(known) == _line(entry)


def _line(entry: JournalEntry) -> tuple[object, ...]:
    return entry.stage, entry.outcome, entry.topic, entry.partition, entry.offset


class MemoryStops:
    """Implements `streams.ports.Stops`."""

    def __init__(self) -> None:
        self.rows: list[FlowStop] = []
        self.resumed: list[tuple[FlowStop, str, str]] = []

    async def stop(self, stop: FlowStop) -> None:
        if not any((row.group, row.flow, row.target) == (stop.group, stop.flow, stop.target) for row in self.rows):
            self.rows.append(stop)

    async def current(self, group: str | None = None) -> Sequence[FlowStop]:
        return [row for row in self.rows if group in (None, row.group)]

    async def resume(self, stop: FlowStop, *, by: str, reason: str) -> bool:
        known = next((row for row in self.rows if replace(row, reason=stop.reason) == stop), None)
        if known is None:
            return False
        self.rows.remove(known)
        self.resumed.append((known, by, reason))
        return True


@dataclass
class MemoryStore:
    """All ports on one memory, like `app.store.Store` on one database."""

    clock: Clock
    links: MemoryLinks = field(default_factory=MemoryLinks)
    agreements: MemoryAgreements = field(default_factory=MemoryAgreements)
    applied: MemoryApplied = field(default_factory=MemoryApplied)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    stops: MemoryStops = field(default_factory=MemoryStops)
    oversells: MemoryOversells = field(default_factory=MemoryOversells)
    checks: MemoryChecks = field(default_factory=MemoryChecks)
    registrations: MemoryRegistrations = field(default_factory=MemoryRegistrations)
    cutovers: MemoryCutovers = field(init=False)
    ledger: MemoryLedger = field(init=False)
    leases: MemoryLeases = field(init=False)
    cursors: MemoryCursors = field(init=False)
    held: MemoryHeld = field(init=False)
    writes: MemoryOpenWrites = field(init=False)
    guards: MemoryGuards = field(init=False)
    written_stock: MemoryWrittenStock = field(init=False)

    def __post_init__(self) -> None:
        self.cutovers = MemoryCutovers(self.clock)
        self.ledger = MemoryLedger(self.links, self.applied, self.clock)
        self.leases = MemoryLeases(self.clock)
        self.cursors = self.leases.cursors
        self.held = MemoryHeld(self.links, self.clock)
        self.writes = MemoryOpenWrites(self.applied, self.held, self.clock)
        self.guards = MemoryGuards(self.clock)
        self.written_stock = MemoryWrittenStock(self.clock)
