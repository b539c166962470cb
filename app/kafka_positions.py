"""Where a consumer group stands in its topics, read as no member of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError

from app.kafka_admin import bounds_of
from app.kafka_clients import KafkaAdmin, KafkaConsumer

COORDINATOR_TRIES = 50
COORDINATOR_PAUSE = 0.2
"""How often a group's coordinator is asked for, and seconds between."""


@dataclass(frozen=True, slots=True)
class Position:
    """A group in one partition.

    Attributes:
        place: which one.
        committed: everything below it is done; None if the group has no offset there.
        note: what the group wrote down with that offset.
        first, end: the first record that the log has, and its next offset.
    """

    place: TopicPartition
    committed: int | None
    note: str
    first: int
    end: int


async def positions_of(admin: KafkaAdmin, consumer: KafkaConsumer, group: str, topics: Sequence[str]) -> list[Position]:
    """Of a group in every partition of those topics that exist, in their order.

    The committed offsets are read first, so that nothing slips through between them and the ends. Raises KafkaError.
    """
    await await_coordinator(admin, group)
    committed: dict[TopicPartition, Any] = await admin.list_consumer_group_offsets(group)
    first, end = await bounds_of(admin, consumer, topics)
    known = {place: found for place, found in committed.items() if found.offset >= 0}
    return [
        Position(
            place,
            known[place].offset if place in known else None,
            known[place].metadata if place in known else "",
            first[place],
            end[place],
        )
        for place in sorted(first)
    ]


async def await_coordinator(admin: KafkaAdmin, group: str) -> None:
    """The first group that a cluster is ever asked for has none until Kafka has made its topic of offsets."""
    for _ in range(COORDINATOR_TRIES):
        with suppress(GroupCoordinatorNotAvailableError):
            await admin.find_coordinator(group)
            return
        await asyncio.sleep(COORDINATOR_PAUSE)
    await admin.find_coordinator(group)
