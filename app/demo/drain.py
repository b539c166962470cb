"""Waiting until the pipe is empty, judged from Kafka, the held table and the senders, never from our own counters."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from app.balance.kafka import reading
from app.balance.take import Way
from app.settings import KafkaSettings


async def unread(kafka: KafkaSettings, way: Way) -> int:
    """Records before a reader."""
    async with reading(kafka) as log:
        found = [await log.unread(reader.group, reader.topics) for reader in way.readers]
    return sum(place.records for places in found for place in places)


def unsent_webhooks(databases: Sequence[Path]) -> int:
    """Events that the sandboxes have not delivered yet."""
    waiting = 0
    for path in databases:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT COUNT(*) FROM webhook_queue").fetchone()
            waiting += count
    return waiting
