"""Kafka's part of the balance: the ids that the door gave, and those before each reader, streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition

from app.kafka_admin import bounds_of, looking, offsets_since
from app.kafka_clients import KafkaAdmin, KafkaConsumer
from app.kafka_positions import Position, positions_of
from app.settings import KafkaSettings
from schemas.envelope import Envelope, EnvelopeError, place_id
from streams.errors import Unavailable

AT_ONCE = 5000
"""Records in memory at a time."""
WAIT_SECONDS = 1.0
PATIENCE = 30
"""Waits in a row without a record after which Kafka counts as down."""


@dataclass(frozen=True, slots=True)
class Span:
    """Records of one partition: from ``start`` to below ``end``."""

    topic: str
    partition: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unread:
    """What is before one group in one partition.

    Attributes:
        group: the consumer group.
        span: from its committed offset, or from the log's start if it has none.
        deleted: records that Kafka deleted before the group had read them; nobody knows their ids any more.
    """

    group: str
    span: Span
    deleted: int = 0

    @property
    def records(self) -> int:
        """How many are left to read."""
        return max(0, self.span.end - self.span.start)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record's id, and what its headers say of it.

    Attributes:
        target: the connection that it is for; empty for whoever reads it.
        connection, entity: what it is about; empty where the headers do not say.
    """

    receipt_id: str
    target: str
    connection: str = ""
    entity: str = ""


class Log:
    """Looks into Kafka without being a member of any group. Make it with `reading`; it raises Unavailable."""

    def __init__(self, admin: KafkaAdmin, consumer: KafkaConsumer) -> None:
        self._admin = admin
        self._consumer = consumer

    async def written(self, topics: Sequence[str], since: datetime | None = None) -> list[Span]:
        """What topics hold now; since a moment of their records, if one is given."""
        starts, ends = await bounds_of(self._admin, self._consumer, topics)
        if since is not None:
            starts = await offsets_since(self._consumer, ends, since)
        return [Span(place.topic, place.partition, start, ends[place]) for place, start in starts.items()]

    async def unread(self, group: str, topics: Sequence[str]) -> list[Unread]:
        """What is before a group."""
        return [_unread(group, at) for at in await positions_of(self._admin, self._consumer, group, topics)]

    async def ids(self, spans: Sequence[Span]) -> AsyncIterator[list[Labelled]]:
        """The ids of those records, some thousand at a time. Only headers are looked at."""
        async for topic, records in self.records(spans):
            yield [_labelled(topic, record) for record in records]

    async def records(self, spans: Sequence[Span]) -> AsyncIterator[tuple[str, list[Any]]]:
        """Those records as the client has them, some thousand of one partition at a time, with the topic's name."""
        ends = {TopicPartition(s.topic, s.partition): s.end for s in spans if s.start < s.end}
        starts = {TopicPartition(s.topic, s.partition): s.start for s in spans if s.start < s.end}
        consumer, waits = self._consumer, 0
        consumer.assign(list(ends))
        for place, start in starts.items():
            consumer.seek(place, start)
        while ends:
            fetched = await consumer.getmany(*ends, timeout_ms=int(WAIT_SECONDS * 1000), max_records=AT_ONCE)
            waits = 0 if fetched else waits + 1
            if waits == PATIENCE:
                raise Unavailable(
                    f"Kafka gave no record of {', '.join(sorted({p.topic for p in ends}))} for {PATIENCE} s: see that "
                    "all brokers run, then try again",
                    code="kafka_silent",
                )
            for place, records in fetched.items():
                yield place.topic, [record for record in records if record.offset < ends[place]]
            for place in [place for place, end in ends.items() if await consumer.position(place) >= end]:
                del ends[place]
                consumer.pause(place)


@asynccontextmanager
async def reading(kafka: KafkaSettings) -> AsyncIterator[Log]:
    """A view of Kafka, closed at the end."""
    async with looking(kafka) as (admin, consumer):
        yield Log(admin, consumer)


def _unread(group: str, at: Position) -> Unread:
    done = at.first if at.committed is None else at.committed
    span = Span(at.place.topic, at.place.partition, max(done, at.first), at.end)
    return Unread(group, span, deleted=max(0, at.first - done))


def _labelled(topic: str, record: Any) -> Labelled:
    """As a stage would account for it."""
    try:
        envelope = Envelope.from_headers(record.headers)
    except EnvelopeError:
        return Labelled(place_id(topic, record.partition, record.offset), "")
    return Labelled(envelope.receipt_id, envelope.target, envelope.connection, envelope.entity)
