"""A stage's app on a real Kafka whose stage the test plays, and a log that loses its records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.structs import OffsetAndMetadata

from streams.ports import Record
from streams.runtime.app import Ack, StageApp
from tests.integration.runtime_world import never_ends, settings
from tests.kafka_broker import Topics
from tests.waiting import eventually

NOWHERE = "127.0.0.1:1"


class Stage:
    """Takes what it is given; the test decides when it is acknowledged."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.acks: list[Ack] = []
        self.by_itself = True
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def receive(self, record: Record, ack: Ack) -> None:
        await self.may_go_on.wait()
        self.seen.append(record.offset)
        if self.by_itself:
            await ack()
        else:
            self.acks.append(ack)


@asynccontextmanager
async def running(app: StageApp) -> AsyncIterator[asyncio.Task[None]]:
    """The app's run; stopped at the end, if it has not ended by itself."""
    stop = asyncio.Event()
    task = asyncio.create_task(app.run(stop))
    try:
        yield task
    finally:
        stop.set()
        await asyncio.wait([task])


def made(topics: Topics, topic: str, stage: Stage, *, drain_seconds: float = 5.0, **changes: Any) -> StageApp:
    app = StageApp(
        group=topics.prefix,
        kafka=settings(topics.bootstrap_servers, **changes),
        drain_seconds=drain_seconds,
        end_process=never_ends,
    )
    app.consume([topic], stage.receive)
    return app


async def add_partition(topics: Topics, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap_servers)
    await admin.start()
    await admin.create_partitions({topic: NewPartitions(total_count=2)})
    await eventually(lambda: _has_partitions(admin, topic, 2))
    await admin.close()


async def _has_partitions(admin: AIOKafkaAdminClient, topic: str, number: int) -> bool:
    """The broker tells clients of a new partition a moment after it has answered for it."""
    (described,) = await admin.describe_topics([topic])
    return len(described["partitions"]) == number


async def delete_before(topics: Topics, topic: str, offset: int, *, partition: int = 0) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap_servers)
    await admin.start()
    await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(before_offset=offset)})
    await admin.close()


async def commit(topics: Topics, topic: str, offset: int, *, group: str = "") -> None:
    """Say that a group, the topics' own if none is named, has finished what is below the offset."""
    place = TopicPartition(topic, 0)
    member = AIOKafkaConsumer(
        bootstrap_servers=topics.bootstrap_servers, group_id=group or topics.prefix, enable_auto_commit=False
    )
    await member.start()
    member.assign([place])
    await member.commit({place: OffsetAndMetadata(offset, "")})
    await member.stop()
