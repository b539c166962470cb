"""When what a blow delayed has gone: consumer groups' committed offsets and the sandboxes' webhook queues, looked at
from outside once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from app.demo.databases import read_only
from app.demo.programs import CONNECTIONS
from streams import groups
from streams.topics import TOPICS

LOOK_EVERY = 1.0
LOOK_SECONDS = 5.0
"""How long one look may take; a broker that is down or frozen does not answer."""
PARTITIONS = {topic.name: topic.partitions for topic in TOPICS}
CONSUMED = groups.consumed(CONNECTIONS)

GROUPS: Mapping[str, Sequence[str]] = {
    "ingress": (),
    "poll": (),
    "normalize": (groups.NORMALIZE,),
    "inventory": (groups.INVENTORY,),
    **{f"deliver-{name}": (groups.deliver(name),) for name in CONNECTIONS},
    **{system: (groups.deliver(name),) for name, system in CONNECTIONS.items()},
    "kafka": tuple(CONSUMED),
}
"""The groups whose events a blow at a place delays."""
QUEUED_FOR = frozenset({"ingress", "kafka"})
"""Places without which webhooks stay in the sandboxes' queues."""

Offsets = Mapping[tuple[str, TopicPartition], int]
"""By group and partition."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What was under way at a moment: ends of topics, and last rows of the webhook queues."""

    ends: Offsets
    queued: Mapping[Path, int]


class Recovery:
    """Looks once a second; `run` it beside everything else."""

    def __init__(self, bootstrap: str, databases: Sequence[Path]) -> None:
        self._bootstrap = bootstrap
        self._databases = databases
        self._ends: Offsets = {}
        self._committed: Offsets = {}
        self.looked = asyncio.Event()
        """Set after the first look: before it nothing can be marked."""

    async def run(self) -> None:
        """Look until cancelled, whatever happens to the broker."""
        while True:
            with suppress(KafkaError, OSError, TimeoutError):
                await self._look_on()
            await asyncio.sleep(LOOK_EVERY)

    def mark(self, place: str) -> Mark:
        """What a blow at this place, now, may delay."""
        wanted = GROUPS[place]
        ends = {key: end for key, end in self._ends.items() if key[0] in wanted}
        databases = self._databases if place in QUEUED_FOR else ()
        return Mark(ends, {path: _number(path, "SELECT max(id) FROM webhook_queue") for path in databases})

    def gone(self, mark: Mark) -> bool:
        """True if all of that is done."""
        return all(self._committed.get(key, 0) >= end for key, end in mark.ends.items()) and all(
            _number(path, f"SELECT count(*) FROM webhook_queue WHERE id <= {last}") == 0
            for path, last in mark.queued.items()
        )

    async def _look_on(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap)
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        try:
            await consumer.start()
            await admin.start()
            while True:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look(consumer, admin)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            with suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await admin.close()
                    await consumer.stop()

    async def _look(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        topics = sorted({topic for topics in CONSUMED.values() for topic in topics})
        places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS[topic])]
        ends = await consumer.end_offsets(places)
        committed: dict[tuple[str, TopicPartition], int] = {}
        for group in CONSUMED:
            known: Mapping[Any, Any] = await admin.list_consumer_group_offsets(group)
            committed |= {(group, place): known[place].offset for place in places if place in known}
        self._committed = committed
        self._ends = {
            (group, place): ends[place] for group, wanted in CONSUMED.items() for place in places
            if place.topic in wanted
        }  # fmt: skip
        self.looked.set()


def _number(path: Path, sql: str) -> int:
    with closing(read_only(path)) as connection:
        return int(connection.execute(sql).fetchone()[0] or 0)
