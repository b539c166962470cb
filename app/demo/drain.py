"""Waiting until the pipe is empty, judged from Kafka, the held table and the senders, never from our own counters."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


async def in_flight(bootstrap: str, groups: Mapping[str, Sequence[str]], partitions: Mapping[str, int]) -> int:
    """Records between the groups' committed offsets and the ends of their topics."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await consumer.start()
    await admin.start()
    try:
        return sum([await _behind(consumer, admin, group, topics, partitions) for group, topics in groups.items()])
    finally:
        await admin.close()
        await consumer.stop()


async def _behind(
    consumer: AIOKafkaConsumer,
    admin: AIOKafkaAdminClient,
    group: str,
    topics: Sequence[str],
    partitions: Mapping[str, int],
) -> int:
    wanted = [TopicPartition(topic, number) for topic in topics for number in range(partitions[topic])]
    ends = await consumer.end_offsets(wanted)
    starts = await consumer.beginning_offsets(wanted)
    committed: Mapping[Any, Any] = await admin.list_consumer_group_offsets(group)
    behind = 0
    for place in wanted:
        known = committed.get(place)
        done = known.offset if known is not None and known.offset >= 0 else starts[place]
        behind += max(0, ends[place] - done)
    return behind


def unsent_webhooks(databases: Sequence[Path]) -> int:
    """Events that the sandboxes have not delivered yet."""
    waiting = 0
    for path in databases:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM webhook_queue").fetchone()
            waiting += count
    return waiting


async def accepted_receipts(bootstrap: str, topics: Sequence[str], partitions: Mapping[str, int]) -> set[str]:
    """The receipt ids in the raw topics: what the door accepted, counted from Kafka."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    receipts: set[str] = set()
    try:
        places = [TopicPartition(topic, number) for topic in topics for number in range(partitions[topic])]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        left = {place for place in places if ends[place] > 0}
        while left:
            for records in (await consumer.getmany(timeout_ms=1000, max_records=5000)).values():
                for record in records:
                    receipts.add(dict(record.headers)["receipt-id"].decode())
            left = {place for place in left if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()
    return receipts
