"""A stage with everything around it in memory, and a handler that fails as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from schemas.dead_letter import Documents
from schemas.ids import Ref
from streams.ports import HeldRecord, JournalEntry, Outcome, Record
from streams.runtime.entrance import AlwaysOpen
from streams.runtime.holding import HeldQueue, Turns
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Work
from tests.twins.clock import FakeClock
from tests.twins.failpoints import Reached
from tests.twins.kafka import Counting, MemoryPublisher, envelope, record
from tests.twins.lanes import in_lane
from tests.twins.store import MemoryStore

GROUP = "g"
LINK = Ref("pos", "order", "17")
DOCUMENTS = Documents(3, "heartland.order.out", 7)


class Scripted:
    """A handler that fails as it is told, by receipt id, and remembers what it did."""

    def __init__(self, clock: FakeClock, *, blocks: bool = True) -> None:
        self.clock = clock
        self.done: list[str] = []
        self.bodies: list[bytes] = []
        self.fail: dict[str, list[Exception]] = {}
        self._blocks = blocks

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        work.flow, work.step, work.target = "order", "create_order", "pos"
        work.documents = DOCUMENTS
        for arrival in work.arrivals:
            self.bodies.append(arrival.record.value)
            planned = self.fail.get(arrival.envelope.receipt_id, [])
            if planned:
                raise planned[0] if len(planned) == 1 else planned.pop(0)
        self.done += [arrival.envelope.receipt_id for arrival in work.arrivals]
        return [work.entry(arrival, Outcome.DELIVERED, self.clock.now()) for arrival in work.arrivals]

    def blocks(self, work: Work) -> bool:
        return self._blocks


class Bench:
    """A stage with everything around it in memory."""

    def __init__(self, *, blocks: bool = True) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(self.clock)
        self.publisher = MemoryPublisher()
        self.failpoints = Reached()
        self.observer = Counting()
        self.handler = Scripted(self.clock, blocks=blocks)
        self.entrance = AlwaysOpen()
        self.restart()

    def restart(self) -> None:
        """A new process: memory is gone, the store stays."""
        self.queue = HeldQueue(self.store.held, group=GROUP, owner="test", clock=self.clock, failpoints=self.failpoints)
        around = Surroundings(
            self.queue,
            self.store.journal,
            self.publisher,
            self.clock,
            self.observer,
            lambda _arrival: self.entrance,
            chance=lambda: 0.5,
        )
        self.stage = Stage("deliver", self.handler, around)

    async def feed(self, *receipts: str) -> list[Record]:
        records = [record(b"{}", envelope(receipt)) for receipt in receipts]
        for one in records:
            await self.stage.process([one])
        return records

    async def drain(self) -> None:
        """One look at the held table, as the drain loop does it."""

        turns: Turns = {}
        await self.queue._start_due(turns, in_lane, self.stage.process_held)
        await asyncio.gather(*turns.values())

    @property
    def held(self) -> list[HeldRecord]:
        return self.store.held.records

    def outcomes(self, receipt: str) -> list[Outcome]:
        return [entry.outcome for entry in self.store.journal.entries if entry.receipt_id == receipt]


async def assigned_bench(*, blocks: bool = True) -> Bench:
    """One that has partition 0 of topic t."""
    made = Bench(blocks=blocks)
    await made.queue.assigned([("t", 0)])
    return made
