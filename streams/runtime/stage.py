"""The frame around every stage's handler: envelope, tries, journal, holds and dead letters."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

import structlog

from schemas.canonical import NewerVersion
from schemas.envelope import SCHEMA_VERSION, Envelope, EnvelopeError, Via, place_id
from streams.errors import Guarded, Malformed, TillstreamError
from streams.ports import (
    Clock,
    Fenced,
    HeldRecord,
    Journal,
    JournalEntry,
    Outcome,
    Publisher,
    Record,
)
from streams.runtime.entrance import EntranceOf, always_open
from streams.runtime.flood import Failure
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import NotDone
from streams.runtime.retry import Again, Decision, Park, Patience, Review, Trial, blocks, code_of, decide
from streams.runtime.review import held_as, letter_of, message_of, publish_letter
from streams.runtime.stops import Guard, Unguarded
from streams.runtime.work import Arrival, Handler, Work, entry_of_held

log = structlog.get_logger(__name__)


class Observer(Protocol):
    """Counts what a stage does; `streams/metrics/` implements it."""

    def ended(self, entry: JournalEntry, seconds_since_receipt: float) -> None:
        """A handler wrote a journal line."""
        ...

    def failed(self, stage: str, target: str, error: str) -> None:
        """A try failed with an error of that class."""
        ...

    def stage_took(self, stage: str, seconds: float) -> None:
        """A stage worked that long on one batch of a key, tries and the waits between them included."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stage needs from outside."""

    queue: HeldQueue
    journal: Journal
    publisher: Publisher
    clock: Clock
    observer: Observer
    entrance_of: EntranceOf = always_open
    guard: Guard = field(default_factory=Unguarded)
    patience: Patience = field(default_factory=Patience)
    chance: Callable[[], float] = random.random


class Stage:
    """Runs one handler over records of one key at a time; returns when their fate is durable.

    Every arrival ends in journal lines, in the held table, or both. An exception out of here means that neither was
    possible: it ends the process, and Kafka gives the records again.
    """

    def __init__(self, name: str, handler: Handler, around: Surroundings) -> None:
        self.name = name
        self._handler = handler
        self._around = around
        self._claims = around.queue.claims

    async def process(self, records: Sequence[Record]) -> None:
        """Process fresh records of one key, oldest first.

        Raises:
            NotDone: their partition has gone to another worker, which has them now, or it is halted before them: a
                record is of a later version.
        """
        queue = self._around.queue
        ready: list[Arrival] = []
        for record in records:
            epoch = self._claims.epoch(record)
            if queue.settled(record):
                continue
            arrival, problem = self._open(record, epoch)
            if queue.blocks(record):
                named = self.name, arrival.envelope.receipt_id, arrival.envelope.subject
                await self._until_stored(arrival, partial(queue.queue_behind, record, arrival.epoch, *named))
            elif problem is not None:
                await self._to_review(Work(self.name, [arrival]), problem)
            else:
                ready.append(arrival)
        if ready:
            await self._run(ready)

    async def process_held(self, row: HeldRecord) -> bool:
        """Process one held record again, with its edited body if it has one; end one that was given up.

        Returns:
            True if it ended, False if it is held still.

        Raises:
            NotDone: as `process`; or the row has changed since it was read.
        """
        epoch = self._claims.epoch(row.record)
        if row.given_up:
            await self._discard(Arrival(row.record, _stand_in(row.record), epoch, row), row)
            return True
        record = row.record if row.edited is None else replace(row.record, value=row.edited)
        arrival, problem = self._open(record, epoch)
        arrival = replace(arrival, row=row)
        if problem is not None:
            await self._to_review(Work(self.name, [arrival]), problem)
            return False
        return await self._run([arrival])

    def _open(self, record: Record, epoch: int) -> tuple[Arrival, Malformed | None]:
        try:
            envelope = Envelope.from_headers(record.headers)
        except EnvelopeError as error:
            problem = Malformed(
                f"{record.topic} {record.partition}@{record.offset} is not one of our events: {error}. "
                "Send events through the webhook address, or with the documented headers.",
                code="no_envelope",
            )
            return Arrival(record, _stand_in(record), epoch), problem
        if envelope.schema_version > SCHEMA_VERSION:
            self._halt(
                record, f"has schema version {envelope.schema_version}, this worker reads up to {SCHEMA_VERSION}"
            )
            raise NotDone
        return Arrival(record, envelope, epoch), None

    def _halt(self, record: Record, why: str) -> None:
        """Let the partition stand still before a record that a newer version wrote."""
        self._claims.halts.add(
            record,
            f"{record.topic} {record.partition}@{record.offset} {why}: upgrade this worker. The partition waits, "
            "nothing is lost",
        )

    async def _run(self, arrivals: list[Arrival]) -> bool:
        """Try until the arrivals end or are held. True if they ended.

        Raises:
            NotDone: their partition has gone, or is about to, before either; or what is held has changed meanwhile.
        """
        around = self._around
        began = around.clock.now()
        tries = 0
        wanted = partial(self._claims.works_on, arrivals[0].record, arrivals[0].epoch)
        entrance = around.entrance_of(arrivals)
        while wanted():
            work, asked = Work(self.name, arrivals), around.clock.now()
            try:
                await around.guard.admit(arrivals, wanted, self._claims.pause)
                async with entrance.turn(wanted, self._claims.pause):
                    began += around.clock.now() - asked  # waiting for its turn costs an event no patience
                    await self._look_again(arrivals)
                    entries = await self._handler.handle(work)
            except NotDone:
                raise
            except NewerVersion as error:
                self._halt(arrivals[0].record, f"is not for this worker: {error}")
                raise NotDone from None
            except Exception as error:  # noqa: BLE001 - the table in retry.py decides on every class
                tries += 1
                now = around.clock.now()
                seconds, paused = (now - began).total_seconds(), entrance.paused
                looks = work.last.looks(getattr(error, "waits_for", None))
                trial = Trial(tries, seconds, work.last.attempts, now, looks=looks, paused=paused)
                decision = decide(error, trial, around.patience, around.chance)
                self._tell(work, error, decision)
                if isinstance(decision, Again):
                    await self._claims.pause(decision.wait)
                    continue
                if isinstance(decision, Review) and await self._waits(arrivals, work, error):
                    continue
                await self._hold(work, error, decision)
                return False
            if entries:  # without one, it was not for this stage
                around.guard.ended(arrivals)
            await self._until_stored(arrivals[0], partial(around.journal.write, entries))
            self._observe(arrivals, entries, (around.clock.now() - began).total_seconds())
            return True
        raise NotDone

    async def _waits(self, arrivals: list[Arrival], work: Work, error: Exception) -> bool:
        """Whether it must wait instead of going to review, because everything fails. What a guard holds has not."""
        return not isinstance(error, Guarded) and await self._around.guard.keeps(arrivals, _failure(work, error))

    async def _look_again(self, arrivals: list[Arrival]) -> None:
        """Raises NotDone if what is held has changed while its turn waited, for hours perhaps: it takes a new one."""
        for arrival in arrivals:
            if arrival.row is not None and not await self._around.queue.is_still(arrival.row):
                raise NotDone

    async def _discard(self, arrival: Arrival, row: HeldRecord) -> None:
        """End it without its handler. It is the owner's turn, so no other turn of it is under way."""
        entry = entry_of_held(row, Outcome.DISCARDED, self._around.clock.now(), row.given_up)
        await self._until_stored(arrival, partial(self._around.journal.write, [entry]))

    async def _to_review(self, work: Work, problem: Malformed) -> None:
        decision = Review(dead=True)
        self._tell(work, problem, decision)
        around, arrivals = self._around, work.arrivals
        wanted = partial(self._claims.works_on, work.last.record, work.last.epoch)
        while await around.guard.keeps(arrivals, _failure(work, problem)):
            await around.guard.admit(arrivals, wanted, self._claims.pause)
        await self._hold(work, problem, decision)

    async def _hold(self, work: Work, error: BaseException, decision: Park | Review) -> None:
        """Publish dead letters, hold all arrivals, and tell the journal; durable on return."""
        around = self._around
        if not self._claims.owns(work.last.record, work.last.epoch):
            raise NotDone  # the worker that has it now may have delivered it
        blocking = blocks(error) and self._handler.blocks(work)
        for arrival in work.arrivals:
            now = around.clock.now()
            letter = letter_of(work, arrival, error, now) if isinstance(decision, Review) else None
            entry, hold = held_as(work, arrival, error, decision, letter, now)
            if letter is not None and isinstance(decision, Review) and decision.dead:
                # first: a record that is held is not looked at again
                await self._until_stored(arrival, partial(publish_letter, around.publisher, arrival, letter))
            held = replace(hold, blocks=blocking)
            await self._until_stored(arrival, partial(around.queue.hold, arrival.record, arrival.epoch, held))
            await self._until_stored(arrival, partial(around.journal.write, [entry]))

    async def _until_stored(self, arrival: Arrival, write: Callable[[], Awaitable[None]]) -> None:
        """Repeat a durable write until it succeeds: while the store or Kafka is down, the lane waits.

        Raises:
            NotDone: the record's partition has gone; what is told of it is its new owner's matter.
        """
        while True:
            try:
                await write()
            except Fenced:
                raise NotDone from None
            except TillstreamError as error:
                log.error("not_stored", stage=self.name, problem=error.message)  # noqa: TRY400 - no stack needed
                await self._around.clock.sleep(self._around.patience.longest_lane_wait)
                if not self._claims.owns(arrival.record, arrival.epoch):
                    raise NotDone from error
            else:
                return

    def _tell(self, work: Work, error: BaseException, decision: Decision) -> None:
        self._around.observer.failed(self.name, work.target, type(error).__name__)
        envelope = work.last.envelope
        level = log.info if isinstance(decision, Again | Park) else log.error
        level(
            "event_failed",
            stage=self.name,
            flow=work.flow or envelope.flow,
            step=work.step,
            target=work.target,
            receipt_id=envelope.receipt_id,
            subject=_subject(work),
            error=type(error).__name__,
            code=code_of(error),
            problem=message_of(error),
            decision=type(decision).__name__.lower(),
            exc_info=None if isinstance(error, TillstreamError) else error,
        )

    def _observe(self, arrivals: Sequence[Arrival], entries: Sequence[JournalEntry], seconds: float) -> None:
        self._around.observer.stage_took(self.name, seconds)
        received = {arrival.envelope.receipt_id: arrival.envelope.received_ms for arrival in arrivals}
        for entry in entries:
            since = entry.at.timestamp() - received.get(entry.receipt_id, 0) / 1000
            self._around.observer.ended(entry, since)


def _failure(work: Work, error: BaseException) -> Failure:
    return Failure(code_of(error), _subject(work), message_of(error))


def _subject(work: Work) -> str:
    envelope = work.last.envelope
    return work.subject or envelope.subject or envelope.native_id


def _stand_in(record: Record) -> Envelope:
    """An envelope for a record that has none, named by its place in Kafka."""
    return Envelope(
        receipt_id=place_id(record.topic, record.partition, record.offset),
        connection="unknown",
        system="unknown",
        entity="unknown",
        native_id=record.key.decode("utf-8", "replace"),
        received_ms=record.timestamp_ms,
        via=Via.STAGE,
    )
