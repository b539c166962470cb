"""A worker on a real Kafka, on stock Faust or on ours, and what the broker knows about its group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.ports import Record
from streams.runtime.app import Ack, StageApp
from streams.runtime.settings import KafkaSettings

Kind = Literal["stock", "ours"]
Body = Callable[[Record, Ack], Awaitable[None]]

COMMIT_SECONDS = 0.1


def never_ends(code: int) -> None:
    """Instead of ending the test run."""
    raise AssertionError(f"the worker did not stop in time and would have ended with {code}")


def settings(bootstrap: str, **changes: Any) -> KafkaSettings:
    """As in production, but quick to notice."""
    quick: dict[str, Any] = {"session_seconds": 6.0, "commit_seconds": COMMIT_SECONDS}
    return KafkaSettings({"bootstrap_servers": bootstrap}, **{**quick, **changes})


async def produce(bootstrap: str, topic: str, values: Sequence[bytes], *, partition: int | None = 0) -> None:
    """Records in order; each is its own key."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send(topic, value, key=value, partition=partition)
        await producer.flush()
    finally:
        await producer.stop()


async def committed(bootstrap: str, group: str, topic: str, partition: int = 0) -> int | None:
    """What the broker holds for a group."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        offset: int | None = await consumer.committed(TopicPartition(topic, partition))
        return offset
    finally:
        await consumer.stop()


async def committed_with_note(bootstrap: str, group: str, topic: str, partition: int = 0) -> tuple[int, str] | None:
    """What the broker holds for a group that has committed before, and what the group wrote beside it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        found = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    place = found.get(TopicPartition(topic, partition))
    return None if place is None or place.offset < 0 else (place.offset, place.metadata)


async def values(bootstrap: str, topic: str, partitions: int = 1) -> list[bytes]:
    """Everything in a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[bytes] = []
        for place in places:
            while await consumer.position(place) < ends[place]:
                taken = await consumer.getmany(timeout_ms=500)
                found += [record.value for records in taken.values() for record in records]
        return found
    finally:
        await consumer.stop()


@dataclass
class Worker:
    """One running worker: what it was given, and how it ended."""

    kind: Kind
    seen: list[int] = field(default_factory=list)
    app: StageApp | None = None
    stock: Any = None
    error: BaseException | None = None

    @property
    def consumer(self) -> Any:
        """Faust's consumer, ours or the stock one."""
        return self.stock.consumer if self.app is None else self.app._faust.consumer

    @property
    def alive(self) -> bool:
        """Whether it is up."""
        return not self.stock.should_stop if self.app is None else self.app.failure is None


def stock_app(bootstrap: str, group: str, directory: Path) -> Any:
    """Faust as it comes, with its commits as frequent as ours."""
    return faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        broker_commit_interval=COMMIT_SECONDS,
        broker_session_timeout=6.0,
        broker_heartbeat_interval=1.0,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        autodiscover=False,
        web_enabled=False,
        datadir=directory,
    )


@asynccontextmanager
async def working(
    kind: Kind, bootstrap: str, group: str, topic: str, body: Body, directory: Path, *, acks: bool = False
) -> AsyncIterator[Worker]:
    """A worker on ``topic`` that calls ``body`` for every record.

    Args:
        acks: let stock Faust acknowledge by itself; ours never does.
    """
    worker = Worker(kind)

    async def noted(record: Record, ack: Ack) -> None:
        worker.seen.append(record.offset)
        await body(record, ack)

    if kind == "stock":
        worker.stock = stock_app(bootstrap, group, directory)
        _stock_agent(worker.stock, topic, noted, acks=acks)
        running = asyncio.create_task(worker.stock.start())
        try:
            yield worker
        finally:
            await worker.stock.stop()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return
    worker.app = StageApp(group=group, kafka=settings(bootstrap), end_process=never_ends)
    worker.app.consume([topic], noted)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.app.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        with suppress(Exception):
            await running
        worker.error = worker.app.failure


def _stock_agent(app: Any, topic: str, body: Body, *, acks: bool) -> None:
    async def agent(stream: Any) -> None:
        stream = stream if acks else stream.noack()
        async for event in stream.events():

            async def ack(event: Any = event) -> None:
                await stream.ack(event)

            message = event.message
            await body(
                Record(topic, message.partition, message.offset, message.key, message.value, (), 0),
                ack,
            )

    app.agent(app.topic(topic, key_type=bytes, value_type=bytes, value_serializer="raw"))(agent)
