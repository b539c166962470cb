"""Kafka as a worker sees it, in memory: logs, committed offsets, and groups whose partitions move between members."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from streams.ports import Failpoint, Partition, Record
from streams.runtime.app import Hook, Receive
from streams.runtime.watermark import Watermark
from tests.streams.deliver.model_process import Process, Time

SESSION_SECONDS = 6.0
"""How long a member may be silent before its partitions go to others."""
COMMIT_SECONDS = 1.0
DRAIN_SECONDS = 2.0


class Log:
    """Every topic's partitions, as lists."""

    def __init__(self, time: Time, partitions: int) -> None:
        self.records: dict[Partition, list[Record]] = defaultdict(list)
        self.listeners: list[asyncio.Event] = []
        self._time = time
        self._partitions = partitions

    def partitions(self, topics: Sequence[str]) -> list[Partition]:
        return [(topic, number) for topic in sorted(topics) for number in range(self._partitions)]

    def append(
        self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]], *, partition: int
    ) -> Record:
        log = self.records[topic, partition]
        made = Record(topic, partition, len(log), key, value, tuple(headers), round(self._time.seconds * 1000))
        log.append(made)
        for news in self.listeners:
            news.set()
        return made


@dataclass
class Member:
    changed: asyncio.Event
    seen: float
    joined: bool = False


@dataclass
class Group:
    """One consumer group: a generation has all members, or those that were heard of in time."""

    name: str
    time: Time
    partitions: Sequence[Partition]
    committed: dict[Partition, int] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    assignment: dict[str, list[Partition]] = field(default_factory=dict)
    generation: int = 0
    turn: int = 0
    preparing: bool = False

    def enter(self, name: str, changed: asyncio.Event) -> None:
        """A member asks for its part of the next generation."""
        if name not in self.members:
            self.members[name] = Member(changed, self.time.seconds)
            self.rebalance()
        self.members[name].joined = True
        self._assign_if_all_joined()

    def leave(self, name: str) -> None:
        if self.members.pop(name, None):
            self.rebalance()

    def rebalance(self) -> None:
        self.preparing = True
        for member in self.members.values():
            member.joined = False
            member.changed.set()
        self._assign_if_all_joined()

    def heard(self, name: str) -> None:
        if name in self.members:
            self.members[name].seen = self.time.seconds

    def expire(self) -> None:
        """Put out whoever was silent for too long."""
        silent = [name for name, member in self.members.items() if self.time.seconds - member.seen > SESSION_SECONDS]
        for name in silent:
            self.members.pop(name).changed.set()  # it hears of it as soon as it goes on
        if silent:
            self.rebalance()

    def owned_by(self, name: str) -> list[Partition] | None:
        """A member's partitions; None while it has to give them up, or waits for new ones."""
        member = self.members.get(name)
        return None if member is None or self.preparing else self.assignment.get(name)

    def commit(self, name: str, generation: int, offsets: Mapping[Partition, int]) -> bool:
        if name not in self.members or generation != self.generation:
            return False
        self.committed.update(offsets)
        return True

    def _assign_if_all_joined(self) -> None:
        if not self.members or not self.preparing or not all(member.joined for member in self.members.values()):
            return
        self.preparing = False
        self.generation += 1
        names = sorted(self.members)
        self.assignment = {name: [] for name in names}
        for number, partition in enumerate(self.partitions):
            self.assignment[names[(number + self.turn) % len(names)]].append(partition)
        for member in self.members.values():
            member.changed.set()


class ModelApp:
    """What `streams.runtime.app.StageApp` is to a `StageWorker`, on a `Log` and a `Group`."""

    def __init__(self, log: Log, group: Group, process: Process) -> None:
        self.failure: BaseException | None = None
        self.session_seconds = SESSION_SECONDS
        self._log, self._group, self._process = log, group, process
        self._receive: dict[str, Receive] = {}
        self._assigned: list[Hook] = []
        self._revoked: list[Hook] = []
        self._watermarks: dict[Partition, Watermark] = {}
        self._positions: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}
        self._generation = 0
        self._news, self._changed, self._failed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        log.listeners.append(self._news)

    def consume(self, topics: Sequence[str], receive: Receive) -> None:
        self._receive |= dict.fromkeys(topics, receive)

    def on_assigned(self, hook: Hook) -> None:
        self._assigned.append(hook)

    def on_revoked(self, hook: Hook) -> None:
        self._revoked.append(hook)

    def committed(self) -> Mapping[Partition, int]:
        return {partition: self._committed[partition] for partition in self._watermarks}

    def halt(self, topic: str, partition: int) -> None:
        raise AssertionError(f"nothing in the model is of a newer version, and {topic} {partition} stands still")

    def fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        self._failed.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``, or a failure, which it raises."""
        tasks = [asyncio.create_task(part) for part in (self._membership(), self._fetch(), self._commits())]
        for task in tasks:
            task.add_done_callback(self._ended)
        ends = asyncio.create_task(stop.wait()), asyncio.create_task(self._failed.wait())
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for work in (*tasks, *ends):
                work.cancel()
            await asyncio.gather(*tasks, *ends, return_exceptions=True)
        if self.failure is not None:
            raise self.failure
        await self._release()
        self._log.listeners.remove(self._news)
        self._group.leave(self._process.name)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    async def _membership(self) -> None:
        while True:
            self._changed.clear()
            self._group.enter(self._process.name, self._changed)
            while (mine := self._group.owned_by(self._process.name)) is None:
                await self._changed.wait()
                self._changed.clear()
                self._group.enter(self._process.name, self._changed)
            self._generation = self._group.generation
            for hook in self._assigned:
                await hook(mine)
            self._committed = {partition: self._group.committed.get(partition, 0) for partition in mine}
            self._positions = dict(self._committed)
            self._watermarks = {partition: Watermark(offset) for partition, offset in self._committed.items()}
            self._news.set()
            while self._is_current():
                await self._changed.wait()
                self._changed.clear()
            await self._release()

    def _is_current(self) -> bool:
        owned = self._group.owned_by(self._process.name)
        return owned is not None and self._generation == self._group.generation

    async def _release(self) -> None:
        """Hand on nothing more, let started work end, and commit it."""
        self._positions = {}
        for hook in self._revoked:
            await hook(list(self._watermarks))
        await self._commit()
        self._watermarks = {}

    async def _fetch(self) -> None:
        while True:
            self._news.clear()
            for partition in list(self._positions):
                await self._hand_on(partition)
            await self._news.wait()

    async def _hand_on(self, partition: Partition) -> None:
        log = self._log.records[partition]
        while (offset := self._positions.get(partition)) is not None and offset < len(log):
            self._positions[partition] = offset + 1
            record, watermark = log[offset], self._watermarks[partition]
            assert watermark.deliver(offset, record.timestamp_ms, len(record.value))
            await self._receive[record.topic](record, partial(_ack, watermark, offset))

    async def _commits(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_SECONDS)
            await self._commit()

    async def _commit(self) -> None:
        generation = self._generation
        offsets = {partition: watermark.advance() for partition, watermark in self._watermarks.items()}
        moved = {at: offset for at, offset in offsets.items() if offset > self._committed[at]}
        if not moved:
            return
        self._process.reach(Failpoint.BEFORE_COMMIT)
        await asyncio.sleep(0)
        if not self._process.dead and self._group.commit(self._process.name, generation, moved):
            self._committed |= {at: offset for at, offset in moved.items() if at in self._committed}


async def _ack(watermark: Watermark, offset: int) -> None:
    watermark.done(offset)
