"""Lanes: orders in a second with 64 lanes and with one, into a target that takes 100 ms for each request."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from app.clock import SystemClock
from app.local.postgres import start_postgres
from app.store import Store, migrate
from schemas.canonical import Sale
from schemas.documents.flow import Mode
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.deliver.desk import Desk
from streams.deliver.effect import Effects, Settling
from streams.deliver.handler import DeliverHandler
from streams.deliver.sale import SaleDelivery
from streams.engine import Engine, load
from streams.metrics import Metrics
from streams.ports import OrderDraft, Record, SeenOrder
from streams.runtime.holding import HeldQueue
from streams.runtime.lanes import Lanes
from streams.runtime.stage import Stage, Surroundings
from streams.topics import CANONICAL_SALE
from tests.bench.report import Line, Part
from tests.streams.deliver.bench import CHANNEL, SALE
from tests.twins.cutovers import Launched
from tests.twins.kafka import MemoryPublisher
from tests.twins.orders import OrdersNeverChanged

WIDE, BAR = 64, 50.0
TARGET_SECONDS = 0.1
"""Of each request; an order is two: the look-up, and what creates it."""
ORDERS = {1: 25, WIDE: 2_000}
"""Some seconds each."""
PARTITION = (CANONICAL_SALE, 0)


class SlowSales:
    """A point of sale that works on any number of requests at a time. Implements `streams.ports.Sales`."""

    def __init__(self) -> None:
        self.orders: dict[str, SeenOrder] = {}

    async def find_order(self, public_id: str) -> SeenOrder | None:
        """The order of that number, or None."""
        await asyncio.sleep(TARGET_SECONDS)
        return self.orders.get(public_id)

    async def create_order(self, draft: OrderDraft) -> SeenOrder:
        """Another order."""
        await asyncio.sleep(TARGET_SECONDS)
        number = str(len(self.orders) + 1)
        created = SeenOrder(
            order_id=number,
            number=number,
            public_id=draft.public_id,
            status="Open",
            total=draft.total,
            currency=draft.currency,
            email=draft.email,
            placed_at=draft.placed_at,
            updated_at=datetime.now(UTC),
        )
        self.orders[draft.public_id] = created
        return created


@dataclass(slots=True)
class Count:
    """Orders that have ended."""

    wanted: int
    ended: int = 0
    all_ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def done(self) -> None:
        """One more; called by the lanes."""
        self.ended += 1
        if self.ended == self.wanted:
            self.all_ended.set()


async def measure(directory: Path, _console: Console) -> Part:
    """Deliver orders through the stage and the store on PostgreSQL, with each width; Kafka has no part in it."""
    postgres = start_postgres(directory)
    try:
        await migrate(postgres.url)
        store = Store.open(postgres.url, role="bench", clock=SystemClock(), connections=10)
        try:
            rates = {width: await _rate(store, width) for width in (1, WIDE)}
        finally:
            await store.close()
    finally:
        postgres.stop()
    ratio = rates[WIDE] / rates[1]
    line = Line(
        f"orders in a second, {WIDE} lanes, {TARGET_SECONDS * 1000:.0f} ms a request",
        f"{rates[WIDE]:.0f}/s",
        f"{rates[1]:.2f}/s with one lane",
        ratio,
        f"≥ {BAR:.0f}",
        ratio >= BAR,
    )
    return Part("Lanes", [line], {"orders_per_second": rates, "ratio": ratio})


async def _rate(store: Store, width: int) -> float:
    """Orders in a second through that many lanes."""
    sales, count = SlowSales(), Count(ORDERS[width])
    stage, queue = _stage(store, sales)
    await queue.assigned([PARTITION])
    failures: list[BaseException] = []
    lanes = Lanes(stage.process, width=width, capacity=1000, on_failure=failures.append)
    began = time.perf_counter()
    for number in range(ORDERS[width]):
        record = _record(width, number)
        await lanes.submit(record, record.key, count.done)
    await count.all_ended.wait()
    seconds = time.perf_counter() - began
    await lanes.close()
    if failures or len(sales.orders) != ORDERS[width]:
        raise RuntimeError(f"{len(sales.orders)} orders of {ORDERS[width]} were created: {failures}")
    return ORDERS[width] / seconds


def _stage(store: Store, sales: SlowSales) -> tuple[Stage, HeldQueue]:
    clock, publisher = SystemClock(), MemoryPublisher()
    catalog = load(modes={"order": Mode.LIVE})
    desk = Desk(
        target="pos",
        flows=catalog.flows,
        channels=Channels([CHANNEL]),
        mapper=Engine(catalog),
        links=store.links,
        applied=store.applied,
        effects=Effects(store.ledger, clock, owner="bench", settling=Settling(30.0, 120.0)),
        publisher=publisher,
        clock=clock,
        launches=Launched(),
    )
    flow = catalog.flows["order"]
    documents = {flow.id: catalog.documents(flow.id, flow.deliver.mapping)}
    handler = DeliverHandler(
        "pos", {"order": ("order", SaleDelivery(desk, sales, OrdersNeverChanged()))}, documents, clock
    )
    queue = HeldQueue(store.held, group="bench", owner="bench", clock=clock)
    return Stage("deliver", handler, Surroundings(queue, store.journal, publisher, clock, Metrics())), queue


def _record(width: int, number: int) -> Record:
    order = f"{width}{number:06}"
    sale: Sale = SALE.model_copy(
        update={"ref": f"web:order:{order}", "number": order, "public_id": f"W-{order}", "placed_at": datetime.now(UTC)}
    )
    envelope = Envelope(f"r{order}", "web", "magento", "order", order, received_ms=round(time.time() * 1000))
    headers = tuple(envelope.to_headers())
    return Record(*PARTITION, number, sale.ref.encode(), sale.model_dump_json().encode(), headers, envelope.received_ms)
