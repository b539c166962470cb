"""A shop whose stock passes from worker to worker, and whose web store does things late: all on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

from schemas.canonical import StockHint
from schemas.documents.flow import Mode
from schemas.ids import Ref
from streams import groups
from streams.channels import Channels
from streams.deliver.desk import Desk
from streams.deliver.doubts import Doubts
from streams.deliver.effect import Effects, Settling
from streams.deliver.handler import DeliverHandler
from streams.deliver.stock import StockDelivery
from streams.deliver.stock_guard import StockGuard
from streams.engine import Engine, load
from streams.errors import OutcomeUnknown, Transient
from streams.inventory.handler import InventoryHandler
from streams.ports import Intent, OpenWrite, Outgoing, Record, SourceItem
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import NotDone
from streams.runtime.stage import Stage, Surroundings
from streams.runtime.work import Arrival, Work
from streams.topics import CANONICAL_STOCK, HINT_STOCK
from tests.streams.deliver.bench import CHANNEL
from tests.streams.inventory.bench import Shelves, Table
from tests.twins.cutovers import Launched
from tests.twins.kafka import Counting, envelope, record
from tests.twins.loop import LoopClock
from tests.twins.store import MemoryStore
from tests.twins.writes import MemoryOpenWrites

CATALOG = load(modes={"stock": Mode.LIVE})
SETTLING = Settling(timeout=5, longest_execution=20)
SETTLED = SETTLING.total.total_seconds()
SEND_SECONDS = 3.0
"""As `app.http`: a write that has not left by then does not leave."""


@dataclass(frozen=True)
class Way:
    """How one write goes, in seconds.

    Attributes:
        opens: after which the store has opened it.
        leaves: after which its first byte would leave.
        lands: after which its quantities count, from then on; None if never.
        answers: after which the answer comes, from then on; None if never. What is answered has landed.
    """

    opens: float = 0.0
    leaves: float = 0.0
    lands: float | None = 0.0
    answers: float | None = 0.0


class WebShop:
    """The web store's source item of the SKU. Implements `streams.ports.WebStock`.

    Attributes:
        sent: what left for it.
        held: what it has held; the last is what it has.
    """

    most_skus = 1

    def __init__(self, clock: LoopClock) -> None:
        self.sent: list[int] = []
        self.held: list[int] = []
        self._clock = clock
        self._way = Way()

    def goes(self, way: Way) -> None:
        """How the write goes that has just been opened."""
        self._way = way

    def begin(self) -> float:
        return self._clock.monotonic()

    async def write_source_items(self, items: Sequence[SourceItem], *, began: float | None = None) -> None:
        if not items:
            return
        assert began is not None
        way, (item,) = self._way, items
        await asyncio.sleep(way.leaves)
        if self._clock.monotonic() - began > SEND_SECONDS:
            raise Transient("late")
        self.sent.append(int(item.quantity))
        if way.lands is not None:
            asyncio.get_running_loop().call_later(way.lands, self.held.append, int(item.quantity))
        if way.answers is None or way.answers > SETTLING.timeout:
            await asyncio.sleep(SETTLING.timeout)
            raise OutcomeUnknown("no answer")
        await asyncio.sleep(way.answers)

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        return frozenset(skus)

    async def list_source_items(self, skus: Collection[str]) -> Sequence[SourceItem]:
        return [SourceItem(sku, "main", Decimal(self.held[-1])) for sku in skus if self.held]


class SlowWrites(MemoryOpenWrites):
    """Opens writes as slowly as their ways say."""

    shop: WebShop
    ways: list[Way]

    async def open(self, target: str, intents: Collection[Intent], settle: timedelta) -> Mapping[Ref, OpenWrite]:
        way = self.ways.pop(0) if self.ways else Way()
        await asyncio.sleep(way.opens)
        self.shop.goes(way)
        return await super().open(target, intents, settle)


class Worker:
    """One deliver worker, from the claim of its partition on."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        store, clock = world.store, world.clock
        self.queue = HeldQueue(store.held, group=groups.deliver("web"), owner=name, clock=clock, interval=1.0)
        desk = Desk(
            target="web",
            flows=CATALOG.flows,
            channels=Channels([CHANNEL]),
            mapper=Engine(CATALOG),
            links=store.links,
            applied=store.applied,
            effects=Effects(store.ledger, clock, owner=name, settling=SETTLING),
            publisher=world,
            clock=clock,
            launches=Launched(),
        )
        guard = StockGuard("web", store.guards, store.written_stock, world.web)
        delivery = StockDelivery(desk, world.web, world.writes, guard, settle=SETTLING.total)
        documents = CATALOG.documents("stock", CATALOG.flows["stock"].deliver.mapping)
        handler = DeliverHandler("web", {"stock": ("stock", delivery)}, {"stock": documents}, clock)
        around = Surroundings(self.queue, store.journal, world, clock, Counting(), chance=lambda: 0.5)
        self.stage = Stage("deliver", handler, around)
        self._lane = asyncio.Lock()
        self._tasks = [asyncio.create_task(self.queue.drain(self._in_lane, self.stage.process_held))]

    async def take_over(self) -> None:
        """Claim the partition, and begin with what nobody has done."""
        await self.queue.assigned([(CANONICAL_STOCK, 0)])
        for one in self._world.undone:
            self.give(one)

    def give(self, one: Record) -> None:
        """A record from the topic."""
        self._tasks.append(asyncio.create_task(self._in_lane(one.topic, one.key, partial(self._process, one))))

    async def kill(self) -> None:
        """It stops where it is. What it has sent goes its way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _process(self, one: Record) -> None:
        try:
            await self.stage.process([one])
        except NotDone:
            return
        self._world.undone = [other for other in self._world.undone if other.offset != one.offset]

    async def _in_lane(self, _topic: str, _key: bytes, work: object) -> None:
        async with self._lane:
            await work()  # type: ignore[operator]


class World:
    """One SKU in both systems, inventory between them, and one deliver worker after the other."""

    def __init__(self, *ways: Way) -> None:
        self.clock = LoopClock()
        self.store = MemoryStore(self.clock)
        self.web = WebShop(self.clock)
        self.writes = SlowWrites(self.store.applied, self.store.held, self.clock)
        self.writes.shop, self.writes.ways = self.web, list(ways)
        self.undone: list[Record] = []
        self.shelves = Shelves()
        self._inventory = InventoryHandler(
            Table(),
            {"pos": self.shelves},
            self,
            self.store.oversells,
            self.clock,
            channels=Channels([CHANNEL]),
            flow=CATALOG.flows["stock"],
        )
        self._workers: list[Worker] = []
        self._hints = 0
        doubts = Doubts("web", self.writes, self, self.clock, systems={"pos": "heartland"}, rereads={})
        self._doubts = asyncio.create_task(doubts.clear())

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Implements `streams.ports.Publisher`: hints go to inventory, and stock to the worker that is the owner."""
        for one in records:
            headers = tuple(one.headers)
            taken = replace(record(one.value, key=one.key.decode(), topic=one.topic), headers=headers)
            if one.topic == HINT_STOCK:
                arrival = Arrival(taken, envelope().from_headers(headers))
                await self._inventory.handle(Work("inventory", [arrival]))
            else:
                self.undone.append(taken)
                self._workers[-1].give(taken)

    async def hand_over(self) -> None:
        """The partition goes to another worker. The one before it does not know yet."""
        self._workers.append(Worker(self, f"worker-{len(self._workers)}"))
        await self._workers[-1].take_over()

    async def kill(self) -> None:
        """The worker dies, and another one takes over."""
        await self._workers[-1].kill()
        await self.hand_over()

    async def stock(self, on_hand: int) -> None:
        """The point of sale has so many now, and tells."""
        self.shelves.on_hand["A"] = on_hand
        await self.tell()

    async def tell(self) -> None:
        """The point of sale tells what it has."""
        self._hints += 1
        headers = envelope(f"r{self._hints}", entity="stock_hint", connection="pos", system="heartland").to_headers()
        value = StockHint(sku="A", cause="webhook").model_dump_json().encode()
        await self.publish([Outgoing(HINT_STOCK, b"pos:A", value, headers)])

    async def calm_down(self) -> None:
        """Everything that is under way has its time, and doubts are cleared, if they ever are."""
        for _ in range(60):
            await asyncio.sleep(SETTLED)
            if not (self.undone or self.store.held.records or self.writes.rows):
                break

    async def close(self) -> None:
        """Stop everything."""
        self._doubts.cancel()
        await asyncio.gather(self._doubts, *(worker.kill() for worker in self._workers), return_exceptions=True)
