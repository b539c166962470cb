"""A source, Kafka, cursors and a clock, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.polling.feed import Page, Row
from app.polling.turns import Turns
from schemas.envelope import Envelope
from streams.errors import TillstreamError
from streams.ports import Clock, Outgoing
from tests.twins.feeds import MemoryCursors, MemoryLeases

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class FakeClock:
    """Its time moves when somebody sleeps."""

    time: datetime = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@dataclass
class FakeKafka:
    records: list[Outgoing] = field(default_factory=list)
    error: Exception | None = None

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.error is not None:
            raise self.error
        self.records += records

    def keys(self) -> list[str]:
        return [record.key.decode().partition(":")[2] for record in self.records]

    def envelopes(self) -> list[Envelope]:
        return [Envelope.from_headers(record.headers) for record in self.records]


def turns_of(clock: Clock, owner: str = "a", leases: MemoryLeases | None = None) -> tuple[MemoryCursors, Turns]:
    """The turns of a poller, and the cursors that it moves."""
    leases = leases or MemoryLeases(clock)
    return leases.cursors, Turns(leases.cursors, leases, owner)


@dataclass
class FakeFeed:
    """Orders of a web store, sorted by time and id."""

    connection: str = "web"
    system: str = "magento"
    entity: str = "order"
    page_size: int = 2
    orders: dict[int, tuple[datetime, Mapping[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[datetime, int]] = field(default_factory=list)
    error: TillstreamError | None = None

    @property
    def name(self) -> str:
        return f"{self.connection}.{self.entity}"

    def change(self, number: int, at: datetime, **more: object) -> None:
        self.orders[number] = (at, {"entity_id": number, "increment_id": f"{number:09}"} | more)

    async def page(self, since: datetime, number: int) -> Page:
        self.asked.append((since, number))
        if self.error is not None:
            raise self.error
        listed = sorted((at, key) for key, (at, _) in self.orders.items() if at >= since)
        cut = listed[(number - 1) * self.page_size : number * self.page_size]
        rows = [Row.of(self.orders[key][1], at) for at, key in cut]
        return Page(rows, number * self.page_size < len(listed), total=len(listed))
