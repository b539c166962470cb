"""Tells the metrics what the orders are worth that are under way to a point of sale."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from decimal import Decimal

import structlog

from app.balance.kafka import Log, Span
from app.store.desk import HeldDesk
from app.upkeep.money import QUEUED, Spot, Worth, in_flight, worth_of
from streams import groups
from streams.errors import TillstreamError
from streams.metrics import Metrics
from streams.ports import HoldReason
from streams.topics import CANONICAL_SALE

EVERY_SECONDS = 15.0
HELD_AT_ONCE = 500
"""Held events whose bodies are read at a time."""

log = structlog.get_logger(__name__)


class MoneyWatch:
    """Implements `app.polling.polls.Poll`: follows one point of sale's orders in Kafka and among what is held.

    It reads each record once: those that deliver has not finished when it looks, and no others. In memory is one short
    line for each order under way, also after a day on which the point of sale was down.
    """

    def __init__(
        self,
        target: str,
        currencies: Collection[str],
        kafka: Callable[[], AbstractAsyncContextManager[Log]],
        desk: HeldDesk,
        metrics: Metrics,
    ) -> None:
        """Amounts in ``currencies`` are told from the first look on; ``kafka`` opens a view of Kafka for one look."""
        self._target = target
        self._group = groups.deliver(target)
        self._kafka = kafka
        self._desk = desk
        self._metrics = metrics
        self._queued: dict[Spot, Worth] = {}
        self._read: dict[int, int] = {}
        self._held: dict[int, Worth | None] = {}
        self._known = {(currency, QUEUED) for currency in currencies}

    @property
    def name(self) -> str:
        """By its target."""
        return f"money-{self._target}"

    async def once(self) -> float:
        """Look and tell. What was told before and is no more is told as 0.

        A look that fails tells nothing, and that alone is its cost: the poller's feeds need no such look.
        """
        try:
            async with self._kafka() as view:
                await self._follow(view)
            found = in_flight(self._queued, await self._waiting())
        except TillstreamError as error:
            log.warning("orders_in_flight_unknown", target=self._target, problem=str(error))
            self._metrics.upkeep.orders_in_flight(self._target, {})
            return EVERY_SECONDS
        self._known |= found.keys()
        self._metrics.upkeep.orders_in_flight(self._target, dict.fromkeys(self._known, Decimal(0)) | dict(found))
        return EVERY_SECONDS

    async def close(self) -> None:
        """It holds nothing."""

    async def _follow(self, view: Log) -> None:
        """Forget what deliver has finished, and read what has come."""
        unread = await view.unread(self._group, (CANONICAL_SALE,))
        spans = {each.span.partition: each.span for each in unread}
        self._queued = {spot: worth for spot, worth in self._queued.items() if _inside(spot, spans.get(spot[0]))}
        ahead = []
        for partition, span in spans.items():
            read = self._read.get(partition, 0)
            start = max(span.start, read if read <= span.end else 0)  # a topic that was made anew counts from 0 again
            ahead.append(Span(span.topic, partition, start, span.end))
        async for _topic, records in view.records(ahead):
            for record in records:
                worth = worth_of(record.key or b"", record.headers, record.value or b"", self._target)
                if worth is not None:
                    self._queued[record.partition, record.offset] = worth
        self._read = {span.partition: span.end for span in ahead}

    async def _waiting(self) -> dict[Spot, tuple[HoldReason, Worth]]:
        """What is held of this target's orders; the body of each is read once."""
        spots = await self._desk.spots(self._group, CANONICAL_SALE)
        self._held = {number: worth for number, worth in self._held.items() if number in spots}
        unknown = sorted(spots.keys() - self._held.keys())
        for first in range(0, len(unknown), HELD_AT_ONCE):
            for event in await self._desk.chosen(unknown[first : first + HELD_AT_ONCE]):
                record = event.held.record
                self._held[event.held.seq] = worth_of(record.key, record.headers, record.value, self._target)
        return {
            (spot.partition, spot.offset): (spot.reason, worth)
            for number, spot in spots.items()
            if (worth := self._held.get(number)) is not None
        }


def _inside(spot: Spot, span: Span | None) -> bool:
    return span is not None and span.start <= spot[1] < span.end
