"""A worker process of the model: the real stage of both targets, on the model's Kafka, store and systems."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import cast

from schemas.documents.flow import Mode
from streams.channels import Channels
from streams.deliver.desk import Desk
from streams.deliver.effect import Effects
from streams.deliver.entity import EntityDelivery
from streams.deliver.handler import DeliverHandler, Delivery
from streams.deliver.order_status import OrderStatusPlanner
from streams.deliver.sale import SaleDelivery
from streams.engine import Engine, load
from streams.engine.load import Catalog
from streams.groups import deliver
from streams.ports import Failpoint, JournalEntry, Outgoing
from streams.runtime.app import StageApp
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Lanes
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Handler, Work
from streams.runtime.worker import StageWorker
from streams.topics import CANONICAL_SALE
from tests.streams.deliver.bench import CHANNEL
from tests.streams.deliver.model_kafka import DRAIN_SECONDS, Group, Log, ModelApp
from tests.streams.deliver.model_process import Process, Time, Wire
from tests.streams.deliver.model_targets import SETTLING, TURN, NotesClient, PointOfSale, SalesClient, Turn, WebStore
from tests.twins.cutovers import Launched
from tests.twins.kafka import Counting
from tests.twins.orders import OrdersNeverChanged
from tests.twins.store import MemoryStore

DRAIN_INTERVAL = 1.0
POS, WEB = deliver("pos"), deliver("web")
ENTITY = {POS: "order", WEB: "order_status"}
"""What each group delivers; the rest of the topic is for others."""


@cache
def catalog() -> Catalog:
    return load(modes={"order": Mode.LIVE, "order_status": Mode.LIVE})


class Publishing:
    """What Kafka does with records; normalise answers at once to what is asked of it."""

    def __init__(self, take: Callable[[Outgoing], None]) -> None:
        self._take = take

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            self._take(record)


@dataclass
class Outside:
    """All that outlives a process."""

    time: Time
    take: Callable[[Outgoing], None]
    ended: Callable[[str, JournalEntry], None]
    store: MemoryStore = field(init=False)
    log: Log = field(init=False)
    groups: Mapping[str, Group] = field(init=False)
    pos: PointOfSale = field(init=False)
    web: WebStore = field(init=False)
    faults: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.time)
        self.log = Log(self.time, 2)
        partitions = self.log.partitions([CANONICAL_SALE])
        self.groups = {name: Group(name, self.time, partitions) for name in (POS, WEB)}
        self.pos, self.web = PointOfSale(self.time, frozenset({"A"})), WebStore(self.time)


class _Journal:
    """The store's, which tells the model what it was told."""

    def __init__(self, outside: Outside, group: str) -> None:
        self._outside, self._group = outside, group

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        await self._outside.store.journal.write(entries)
        for entry in entries:
            self._outside.ended(self._group, entry)


class _Publisher:
    """A process's producer."""

    def __init__(self, process: Process, outside: Outside) -> None:
        self._process = process
        self._wire = Wire(process, Publishing(outside.take), outside.faults)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self._wire.publish(records)
        self._process.reach(Failpoint.PRODUCE_ACKNOWLEDGED)


class _Turns:
    """The real handler, with the turn's place at hand for whoever is called by it."""

    def __init__(self, group: str, handler: Handler) -> None:
        self._group, self._handler = group, handler

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        TURN.set(Turn(self._group, work.last.record.partition, work.last.record.offset))
        return await self._handler.handle(work)

    def blocks(self, work: Work) -> bool:
        return self._handler.blocks(work)


class Worker:
    """Both targets' stages in one process."""

    def __init__(self, process: Process, outside: Outside) -> None:
        self.process = process
        self._outside = outside
        self._stop = asyncio.Event()
        self._stages = [process.start(self._run(target, group)) for target, group in (("pos", POS), ("web", WEB))]

    def stop(self) -> None:
        """SIGTERM."""
        self._stop.set()

    def problems(self) -> list[str]:
        """Why it ended, if nobody asked it to, and what else went wrong in it."""
        ended = [] if self._stop.is_set() or self.process.dead else [task for task in self._stages if task.done()]
        return [*self.process.problems, *(f"{self.process.name} ended: {task.exception()!r}" for task in ended)]

    async def _run(self, target: str, group: str) -> None:
        process, outside = self.process, self._outside
        held = Wire(process, outside.store.held, outside.faults)
        queue = HeldQueue(
            held, group=group, owner=process.name, clock=process, interval=DRAIN_INTERVAL, failpoints=process
        )
        publisher = _Publisher(process, outside)
        around = Surroundings(
            queue,
            Wire(process, _Journal(outside, group), outside.faults),
            publisher,
            process,
            Counting(),
            chance=lambda: 0.5,
        )
        stage = Stage("deliver", _Turns(group, self._handler(target, publisher)), around)
        app = ModelApp(outside.log, outside.groups[group], process)
        lanes = Lanes(stage.process, width=3, capacity=6, on_failure=app.fail)
        worker = StageWorker(
            cast("StageApp", app),
            stage,
            queue,
            {CANONICAL_SALE: lanes},
            drain_seconds=DRAIN_SECONDS,
            failpoints=process,
        )
        await worker.run(self._stop)

    def _handler(self, target: str, publisher: _Publisher) -> DeliverHandler:
        process, outside, store = self.process, self._outside, self._outside.store

        def wired(port: object) -> Wire:
            return Wire(process, port, outside.faults)

        flows = {flow.id: flow for flow in catalog().flows.values() if flow.id in ("order", "order_status")}
        desk = Desk(
            target=target,
            flows=flows,
            channels=Channels([CHANNEL]),
            mapper=Engine(catalog()),
            links=wired(store.links),
            applied=wired(store.applied),
            effects=Effects(
                wired(store.ledger),
                process,
                owner=process.name,
                settling=SETTLING,
                failpoints=process,
            ),
            publisher=publisher,
            clock=process,
            launches=Launched(),
        )
        delivery: Delivery
        if target == "pos":
            flow, delivery = "order", SaleDelivery(desk, SalesClient(process, outside.pos), OrdersNeverChanged())
        else:
            planner = OrderStatusPlanner(desk, NotesClient(process, outside.web))
            flow, delivery = "order_status", EntityDelivery(desk, planner)
        documents = {flow: catalog().documents(flow, flows[flow].deliver.mapping)}
        return DeliverHandler(target, {flow: (flow, delivery)}, documents, process)
