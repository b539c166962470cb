"""Held events of the partitions that this worker owns: later records of a key queue behind them, in order."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog

from streams.errors import TillstreamError
from streams.ports import (
    NOWHERE,
    Clock,
    Failpoint,
    Failpoints,
    Fenced,
    Held,
    HeldRecord,
    Hold,
    HoldReason,
    Partition,
    Record,
)
from streams.runtime.claims import Claims
from streams.runtime.lanes import NotDone
from streams.runtime.places import SettledPlaces

log = structlog.get_logger(__name__)

DUE_AT_ONCE = 200
"""Held records of a topic that have or wait for their turns at a time; bounds memory when many become due together.

Those given up are not counted: their turns are short, and they must not wait for a target that is down.
"""
TIDY_SECONDS = 5.0
"""How often places are forgotten that Kafka does not give again."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class TurnOf:
    """Whose turn it is: a row of the held table."""

    topic: str
    seq: int
    given_up: bool


Turns = dict[TurnOf, asyncio.Task[None]]
"""What has been started and was not seen to end."""

Turn = Callable[[HeldRecord], Awaitable[bool]]
"""Processes one held record in its lane; True if it ended, False if it was held again."""

InLane = Callable[[str, bytes, Callable[[], Awaitable[None]]], Awaitable[None]]
"""Runs some work as an exclusive turn on the lane of a topic's key."""


class HeldQueue:
    """The keys behind which records must queue, and the drain that lets due ones go on.

    A partition's owner loads its held keys before its first dispatch, so order holds across restarts and hand-overs.
    """

    def __init__(
        self,
        held: Held,
        *,
        group: str,
        owner: str,
        clock: Clock,
        interval: float = 0.25,
        failpoints: Failpoints = NOWHERE,
    ) -> None:
        self.claims = Claims(clock)
        self._held = held
        self._group = group
        self._owner = owner
        self._clock = clock
        self._interval = interval
        self._failpoints = failpoints
        self._blocked: dict[Partition, set[str]] = {}
        self._settled = SettledPlaces(held, group)

    async def assigned(self, partitions: Collection[Partition]) -> None:
        """Take over exactly these partitions, before their first record is dispatched.

        They are claimed anew, so that nothing that was begun before can write about them any more, and then their held
        keys and settled places are loaded. Gives up once anything came or went since: they may have another owner.
        """
        assignment = self.claims.assigned()
        self._blocked = {partition: set() for partition in partitions}
        self._settled.start(partitions)
        try:
            for topic, numbers in _by_topic(partitions).items():
                await self._take_over(assignment, topic, numbers)
        except NotDone:
            log.info("assignment_superseded", group=self._group)

    async def _take_over(self, assignment: int, topic: str, numbers: Collection[int]) -> None:
        where = self._group, topic, numbers
        epochs = await self._patiently(assignment, partial(self._held.claim, *where, self._owner))
        for key in await self._patiently(assignment, partial(self._held.blocked, *where)):
            if (blocked := self._blocked.get((key.topic, key.partition))) is not None:
                blocked.add(key.key)
        await self._patiently(assignment, partial(self._settled.load, topic, numbers))
        self.claims.taken(topic, epochs)

    def revoked(self, partitions: Collection[Partition]) -> None:
        """Forget partitions that another worker takes over."""
        self.claims.revoked(partitions)
        for partition in partitions:
            self._drop(partition)

    def _drop(self, partition: Partition) -> None:
        self._blocked.pop(partition, None)
        self._settled.drop(partition)

    def settled(self, record: Record) -> bool:
        """Whether a record needs no turn: it was held before and ended, or it is held still and lets others pass."""
        return record in self._settled

    def blocks(self, record: Record) -> bool:
        """Whether a record must queue behind a held one of its key."""
        return _key(record) in self._blocked.get(record.topic_partition, ())

    async def queue_behind(self, record: Record, epoch: int, stage: str, receipt_id: str, subject: str) -> None:
        """Hold a record behind the held ones of its key; it is due as soon as it is the first of them.

        One that is itself among them, and was given again after a crash, stays as it is. Raises Fenced.
        """
        hold = Hold(
            key=_key(record),
            reason=HoldReason.TIME,
            stage=stage,
            receipt_id=receipt_id,
            subject=subject,
            due_at=self._clock.now(),
            message="waits behind an earlier event of the same order or SKU",
        )
        await self._as_owner(record, epoch, self._held.queue(self._group, record, hold, epoch=epoch))
        self._failpoints.reach(Failpoint.HELD)

    async def hold(self, record: Record, epoch: int, hold: Hold) -> None:
        """Hold a record; durable on return. If it blocks, its key queues from now on. Raises Fenced."""
        keyed = replace(hold, key=_key(record))
        await self._as_owner(record, epoch, self._held.hold(self._group, record, keyed, epoch=epoch))
        self._failpoints.reach(Failpoint.HELD)
        if not self.claims.owns(record, epoch):
            return
        if hold.blocks:
            self._blocked[record.topic_partition].add(_key(record))
        else:
            self._settled.add(record)

    async def is_still(self, row: HeldRecord) -> bool:
        """Whether a record is held as it was. A person may have given it up or edited it. Raises like the store."""
        return await self._held.get(self._group, row.record) == row

    async def drain(self, in_lane: InLane, turn: Turn) -> None:
        """Let due records go on, for ever. A store that is down costs time only, a slow turn only its own key.

        Raises what a turn raised that nobody could decide on.
        """
        turns: Turns = {}
        try:
            while True:
                started = await self._start_due(turns, in_lane, turn)
                if not started:
                    await self._clock.sleep(self._interval)
                for ended in [one for one, task in turns.items() if task.done()]:
                    turns.pop(ended).result()
        finally:
            for task in turns.values():
                task.cancel()
            await asyncio.gather(*turns.values(), return_exceptions=True)

    async def _start_due(self, turns: Turns, in_lane: InLane, turn: Turn) -> int:
        """Start the turns of what is due and has none. However long those of a topic wait, others are not kept."""
        started = 0
        workable = self.claims.workable
        for topic, numbers in _by_topic(workable).items():
            have = [one for one in turns if one.topic == topic]
            room = DUE_AT_ONCE - sum(not one.given_up for one in have)
            where = self._group, topic, numbers
            try:
                due = await self._held.due(*where, self._clock.now(), max(1, room), [one.seq for one in have])
            except TillstreamError as error:
                log.warning("held_events_unreadable", problem=error.message)
                return 0
            for row in due:
                if row.given_up or room > 0:
                    work = partial(self._go_on, row, workable[row.record.topic_partition], turn)
                    task = asyncio.create_task(self._in_turn(in_lane, topic, row.record.key, work))
                    turns[TurnOf(topic, row.seq, bool(row.given_up))] = task
                    started += 1
        return started

    async def _in_turn(self, in_lane: InLane, topic: str, key: bytes, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await in_lane(topic, key, work)
        except (NotDone, Fenced):
            pass  # its partition has gone, and the row with it; or the row has changed and is looked at anew
        except TillstreamError as error:
            log.warning("held_event_not_ended", topic=topic, problem=error.message)

    async def _go_on(self, row: HeldRecord, epoch: int, turn: Turn) -> None:
        """Take a turn for a row that was read under that claim. Since a later one, another owner may have ended it."""
        if self.claims.epoch(row.record) != epoch:
            raise NotDone
        if not await turn(row):
            return
        more = await self._as_owner(row.record, epoch, self._held.remove(self._group, row.record, epoch=epoch))
        if not self.claims.owns(row.record, epoch):
            return
        self._settled.add(row.record)
        if not more:
            self._blocked[row.record.topic_partition].discard(_key(row.record))

    async def _as_owner(self, record: Record, epoch: int, write: Awaitable[Answer]) -> Answer:
        """Write about a record under that claim. Once one is refused the partition has gone, whether Kafka has told us
        or not: what is left of it in our lanes must not overtake the record, which its new owner may hold."""
        try:
            return await write
        except Fenced:
            if self.claims.owns(record, epoch):
                self.claims.lost(record.topic_partition)
                self._drop(record.topic_partition)
            raise

    async def keep_tidy(self, committed: Callable[[], Mapping[Partition, int]]) -> None:
        """Forget, for ever, what is known of records below each partition's committed offset."""
        while True:
            await self._clock.sleep(TIDY_SECONDS)
            try:
                await self._settled.forget_below(committed())
            except TillstreamError as error:
                log.warning("ended_events_not_forgotten", problem=error.message)

    async def _patiently(self, assignment: int, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until the store answers. Raises NotDone once the assignment does not stand any more."""
        while self.claims.stands(assignment):
            try:
                answer = await ask()
            except TillstreamError as error:
                log.warning("partitions_not_taken_over", problem=error.message)
                await self.claims.pause(1.0)
                continue
            if self.claims.stands(assignment):
                return answer
        raise NotDone


def _key(record: Record) -> str:
    return record.key.decode("utf-8", "replace")


def _by_topic(partitions: Collection[Partition]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = defaultdict(list)
    for topic, number in partitions:
        grouped[topic].append(number)
    return dict(grouped)
