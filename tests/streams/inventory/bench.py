"""Inventory on a point of sale, a table and a store in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from schemas.canonical import LocationLevel, Stock, StockHint, WebUnits
from schemas.documents import Channel
from streams.channels import Channels
from streams.engine import load
from streams.errors import Transient, Unavailable
from streams.inventory.handler import InventoryHandler
from streams.ports import JournalEntry, Record
from streams.runtime.work import Arrival, Work
from tests.twins.clock import START, FakeClock
from tests.twins.kafka import MemoryPublisher, envelope, record
from tests.twins.oversells import MemoryOversells

NO_BUFFERS: Mapping[str, dict[str, Decimal]] = {}

FLOW = load().flows["stock"]


class Shelves:
    """The point of sale's stock, in memory. Implements `streams.ports.StockLevels`."""

    def __init__(self) -> None:
        self.on_hand = {"A": 10, "B": 4}
        self.committed: dict[str, int] = {}
        self.changed: dict[str, datetime] = {}
        self.reads: list[set[str]] = []
        self.fail = False

    async def levels(self, skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        self.reads.append(set(skus))
        if self.fail:
            raise Transient("500")
        return {
            sku: [
                LocationLevel(
                    location="MAIN",
                    on_hand=Decimal(self.on_hand[sku]),
                    committed=Decimal(self.committed.get(sku, 0)),
                    updated_at=self.changed.get(sku),
                )
            ]
            for sku in skus
            if sku in self.on_hand
        }


class Table:
    """The Faust table, in memory. Implements `streams.inventory.handler.SkuTable`."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.durable: dict[str, bytes] = {}
        """What the changelog has."""
        self.unsettled: list[tuple[Record, str, bytes | None]] = []
        self.down = 0
        """So many times nothing becomes durable."""

    def get(self, key: str) -> bytes | None:
        return self.rows.get(key)

    def put(self, key: str, value: bytes, record: Record, *, instead_of: bytes | None) -> None:
        if self.rows.get(key) != instead_of:
            raise Unavailable("another worker has written")
        self.rows[key] = value
        self.unsettled.append((record, key, instead_of))

    async def settled(self, record: Record) -> None:
        ((_, key, before),) = [write for write in self.unsettled if write[0] == record]
        self.unsettled.clear()
        if self.down:
            self.down -= 1
            del self.rows[key]
            if before is not None:
                self.rows[key] = before
            raise Unavailable("the changelog does not answer")
        self.durable[key] = self.rows[key]


class Bench:
    def __init__(self, *webs: str, buffers: Mapping[str, dict[str, Decimal]] = NO_BUFFERS) -> None:
        self.shelves = Shelves()
        self.publisher = MemoryPublisher()
        self.table = Table()
        self.oversells = MemoryOversells()
        self.clock = FakeClock()
        main = Channel(web="", pos="pos", prefix="W-", location="MAIN")
        joined = [{"name": web, "web": web, "buffers": buffers.get(web, {})} for web in webs]
        channels = Channels([main.model_copy(update=values) for values in joined])
        self.handler = InventoryHandler(
            self.table, {"pos": self.shelves}, self.publisher, self.oversells, self.clock, channels=channels, flow=FLOW
        )

    async def hint(self, *hints: tuple[str, StockHint], key: str = "pos:A") -> Sequence[JournalEntry]:
        arrivals = []
        for received, (receipt, hint) in enumerate(hints):
            headers = envelope(receipt, entity="stock_hint", received_ms=1000 + received)
            arrivals.append(Arrival(record(hint.model_dump_json().encode(), headers, key=key), headers))
        return await self.handler.handle(Work("inventory", arrivals))

    @property
    def published(self) -> Stock:
        return Stock.model_validate_json(self.publisher.on("canonical.stock")[-1].value)


def look(sku: str = "A") -> StockHint:
    return StockHint(sku=sku, cause="webhook")


def sold(units: int, *, side: str = "web", committed: int = 0, taken: int = 0, seconds: int = 0) -> StockHint:
    told = WebUnits.model_validate(
        {
            "order": "web:order:42",
            "location": "MAIN",
            "side": side,
            "at": START + timedelta(seconds=seconds),
            "unshipped": units,
            "committed": committed,
            "taken": taken,
        }
    )
    return StockHint(sku="A", cause="sale", units=told)
