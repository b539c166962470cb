"""How fast a topic fills, seen from outside: Kafka is asked for its ends while somebody writes into it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from app.settings import KafkaSettings
from streams.topics import PARTITIONS
from tests.bench.children import BenchFailed

LOOK_SECONDS = 0.05
LONGEST_SECONDS = 120.0
WARM_UP = 0.1
"""Share of the records that is not counted: a process that has just started is still finding its feet."""


@dataclass(frozen=True, slots=True)
class Fill:
    """Records that Kafka acknowledged after the warm-up, and how long that took."""

    records: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Records in a second."""
        return self.records / self.seconds


class Ends:
    """Asks for the ends of one topic's partitions."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._places = [TopicPartition(topic, number) for number in range(PARTITIONS)]

    async def total(self) -> int:
        """Records that were ever in the topic."""
        return sum((await self._consumer.end_offsets(self._places)).values())

    async def fill(self, records: int, before: int, check: Callable[[], None], at_warm: Callable[[], None]) -> Fill:
        """Wait until ``records`` more than ``before`` are there; ``at_warm`` is called when counting begins.

        Raises BenchFailed, also what ``check`` raises.
        """
        deadline = time.monotonic() + LONGEST_SECONDS
        first: tuple[float, int] | None = None
        while True:
            count, now = await self.total() - before, time.monotonic()
            if first is None and count >= records * WARM_UP:
                first = now, count
                at_warm()
            if first is not None and count >= records:
                return Fill(count - first[1], now - first[0])
            check()
            if now > deadline:
                raise BenchFailed(f"{count} of {records} records after {LONGEST_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def ends_of(kafka: KafkaSettings, topic: str) -> AsyncIterator[Ends]:
    """Connect, for as long as the block lasts."""
    consumer = AIOKafkaConsumer(**kafka.client_options())
    await consumer.start()
    try:
        yield Ends(consumer, topic)
    finally:
        await consumer.stop()
