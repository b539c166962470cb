"""The pipe of stock between both systems without Kafka: poller, normalise, inventory and deliver, batch by batch."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.clock import SystemClock
from app.polling.composed import feeds_of, snapshots
from app.polling.polls import SnapshotPoll
from app.polling.publishing import RowPublisher
from app.polling.turns import Turns
from app.settings import PollingSettings
from schemas.canonical import StockHint
from schemas.envelope import Envelope
from streams.channels import Channels
from streams.engine import load
from streams.errors import TillstreamError
from streams.hints import stock_hint
from streams.inventory.handler import InventoryHandler
from streams.metrics import Metrics
from streams.ports import Outgoing, Record
from streams.runtime.work import Arrival, Handler, Work
from streams.topics import HINT_STOCK
from tests.contract.pipe import Joined, Pipe
from tests.contract.systems import SKUS
from tests.streams.inventory.bench import Table
from tests.twins.feeds import MemoryLeases


class Later(SystemClock):
    """The system's time and more."""

    by = timedelta()

    def now(self) -> datetime:
        return super().now() + self.by


@dataclass
class StockPipe(Pipe):
    """The pipe with what stock needs besides. Its store is in memory."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._now = Later()
        self._inventory = InventoryHandler(
            Table(),
            {"pos": self.pos.connector.stock},
            self._publisher,
            self.store.oversells,
            self._now,
            channels=Channels([self.channel]),
            flow=load().flows["stock"],
        )

    def later(self, by: timedelta) -> None:
        """So much time goes by for inventory."""
        self._now.by += by

    async def polled(self) -> int:
        """The poller reads all stock of the point of sale, and what it finds goes its way. How many rows it found."""
        joined = Joined(self.web, self.pos, {})
        (feed,) = snapshots(feeds_of(PollingSettings(), joined, {("heartland", "inventory")}))  # type: ignore[arg-type]
        leases = MemoryLeases(self._clock)
        rows = RowPublisher(self._publisher, self._clock, Metrics(), os.urandom)
        await SnapshotPoll(feed, Turns(leases.cursors, leases, "test"), rows, self._clock, 1.0).once()
        found = len(self._publisher.records)
        await self._carry()
        return found

    async def looked_at(self, *skus: str) -> None:
        """Something gives cause to look at these, and what is found goes its way."""
        for sku in skus:
            self._receipts += 1
            envelope = Envelope(f"r{self._receipts}", "pos", "heartland", "stock_hint", sku, 1_000, subject=sku)
            await self._publisher.publish([stock_hint("pos", StockHint(sku=sku, cause="webhook"), envelope)])
        await self._carry()

    async def counted(self, sku: str, pieces: int) -> None:
        """Somebody counts the SKU in every location that is joined with a source."""
        for location in self.channel.sources:
            body = {"SKU": sku, "LocationID": location, "OnHand": pieces}
            await self.pos.client.change("PUT", "count", sku, "/v1/inventory", body)

    async def held(self) -> dict[str, Decimal]:
        """Pieces of every SKU in the web store's sources."""
        skus = [f"SKU-{number:05d}" for number in range(1, SKUS + 1)]
        found = dict.fromkeys(skus, Decimal(0))
        for item in await self.web.stock.list_source_items(skus):
            if item.source in self.channel.sources.values():
                found[item.sku] += item.quantity
        return found

    async def _carry(self) -> None:
        """From stage to stage until nothing is on its way. A stage takes all that there is of a SKU at once."""
        while self._publisher.records:
            records, self._publisher.records = self._publisher.records, []
            batches: dict[tuple[str, bytes], list[Outgoing]] = {}
            for out in records:
                batches.setdefault((out.topic, out.key), []).append(out)
            await asyncio.gather(
                *(
                    self._batch(handler, stage, batch)
                    for (topic, _), batch in batches.items()
                    for handler, stage in self._takers(topic)
                )
            )

    def _takers(self, topic: str) -> list[tuple[Handler, str]]:
        if topic == HINT_STOCK:
            return [(self._inventory, "inventory")]
        if topic.startswith("canonical."):
            return [(handler, "deliver") for handler in self._deliver.values()]
        return [(self._normalize, "normalize")]

    async def _batch(self, handler: Handler, stage: str, batch: Iterable[Outgoing]) -> None:
        records = [Record(out.topic, 0, 0, out.key, out.value, tuple(out.headers), 0) for out in batch]
        arrivals = [Arrival(record, Envelope.from_headers(record.headers)) for record in records]
        try:
            self.told += await handler.handle(Work(stage, arrivals))
        except TillstreamError as error:
            self.failed.append(error)
