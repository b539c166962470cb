"""Gathers the records of one topic into batches, at most one on its way per partition: a record costs an append.

Records of one moment share a batch. While batches are on their way, later records wait for company until an answer
comes, as in Nagle's algorithm: a producer has one request at a time on its way to a broker, and what comes meanwhile
goes with the next.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from aiokafka.partitioner import DefaultPartitioner

from streams.errors import Rejected, TillstreamError, Unavailable
from streams.metrics import Metrics
from streams.names import PLAIN, KafkaNames
from streams.ports import Outgoing

_partition_of = DefaultPartitioner()
"""Kafka's own choice for a key, so that a key's records meet whichever program wrote them."""


@dataclass(slots=True)
class Call:
    """One call of ``publish``.

    Attributes:
        unanswered: its records that Kafka has not acknowledged.
        over: done once there are none, with the first error, or when the caller has waited long enough.
    """

    unanswered: int
    over: asyncio.Future[None]

    def acknowledged(self) -> None:
        """Kafka has one record more."""
        self.unanswered -= 1
        if not self.unanswered and not self.over.done():
            self.over.set_result(None)

    def failed(self, error: Exception) -> None:
        """Kafka did not take a record; the first error is the call's."""
        if not self.over.done():
            self.over.set_exception(error)


@dataclass(slots=True)
class Entry:
    """One record of a call; ``size`` is in bytes, about."""

    call: Call
    record: Outgoing
    size: int


class Carrier(Protocol):
    """What an outbox needs from its publisher."""

    async def connected(self) -> AIOKafkaProducer:
        """A producer that works as far as is known. Raises Unavailable."""
        ...

    def replace(self, producer: AIOKafkaProducer) -> None:
        """This one failed to deliver a batch, so it is spent."""
        ...

    def release(self, entries: Sequence[Entry]) -> None:
        """These wait for Kafka no longer."""
        ...


class Outbox:
    """The records of one topic on their way to Kafka, in order for each key."""

    def __init__(
        self,
        topic: str,
        carrier: Carrier,
        metrics: Metrics,
        linger_seconds: float,
        *,
        names: KafkaNames = PLAIN,
    ) -> None:
        """Nothing waits yet.

        Args:
            topic: of all records.
            carrier: has the producer and counts what waits.
            metrics: counts what is acknowledged.
            linger_seconds: the longest that a record waits for company while others are on their way.
            names: what topics are called in Kafka.
        """
        self._topic = topic
        self._topic_in_kafka = names.in_kafka(topic)
        self._carrier = carrier
        self._metrics = metrics
        self._linger_seconds = linger_seconds
        self._fresh: list[Entry] = []
        self._waiting: defaultdict[int, deque[Entry]] = defaultdict(deque)
        self._under_way: set[int] = set()
        self._linger: asyncio.TimerHandle | None = None
        self._handing_over: asyncio.Task[None] | None = None

    def put(self, entry: Entry) -> None:
        """Take a record; its call is told what became of it."""
        self._fresh.append(entry)
        if self._handing_over is None and self._linger is None:
            self._arrange()

    def _arrange(self) -> None:
        """Hand over once this moment's records are here if nothing is under way, else after a linger."""
        if self._under_way and self._linger_seconds:
            self._linger = asyncio.get_running_loop().call_later(self._linger_seconds, self._hand_over_now)
        else:
            self._hand_over_now()

    def _hand_over_now(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if self._handing_over is None:
            self._handing_over = asyncio.create_task(self._hand_over())

    async def _hand_over(self) -> None:
        """Give the producer one batch for every partition that has records and no batch under way."""
        try:
            producer = await self._carrier.connected()
            await self._sort(producer)
            for partition in list(self._waiting):
                if partition in self._under_way:
                    self._forget_given_up(partition)
                else:
                    await self._send(producer, partition)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told and nothing is left behind
            unsent = [*self._fresh, *(entry for waiting in self._waiting.values() for entry in waiting)]
            self._fresh.clear()
            self._waiting.clear()
            self._failed(unsent, error)
        finally:
            self._handing_over = None
        if self._fresh:
            self._arrange()

    def _forget_given_up(self, partition: int) -> None:
        """Let go what nobody waits for behind a batch that Kafka does not acknowledge, or it would fill the buffer."""
        waiting = self._waiting[partition]
        given_up = [waiting.popleft() for _ in range(len(waiting)) if waiting[0].call.over.done()]
        if not waiting:
            del self._waiting[partition]
        if given_up:
            self._carrier.release(given_up)

    async def _sort(self, producer: AIOKafkaProducer) -> None:
        """Put what is fresh behind what waits for its partition."""
        try:
            partitions = sorted(await producer.partitions_for(self._topic_in_kafka))
        except UnknownTopicOrPartitionError:
            raise
        except KafkaError:
            self._carrier.replace(producer)
            raise
        for entry in self._fresh:
            self._waiting[_partition_of(entry.record.key, partitions, partitions)].append(entry)
        self._fresh.clear()

    async def _send(self, producer: AIOKafkaProducer, partition: int) -> None:
        """Hand over one batch of what waits for this partition, without what nobody waits for any more."""
        waiting = self._waiting[partition]
        batch = producer.create_batch()
        entries: list[Entry] = []
        given_up: list[Entry] = []
        for entry in waiting:
            record = entry.record
            if entry.call.over.done():
                given_up.append(entry)
            elif batch.append(timestamp=None, key=record.key, value=record.value, headers=record.headers) is None:
                break
            else:
                entries.append(entry)
        batch.close()
        for _ in range(len(entries) + len(given_up)):
            waiting.popleft()
        if not waiting:
            del self._waiting[partition]
        if given_up:
            self._carrier.release(given_up)
        if not entries:
            return
        self._under_way.add(partition)
        try:
            answer = await producer.send_batch(batch, self._topic_in_kafka, partition=partition)
        except Exception as error:
            self._settled(producer, partition, entries, error)
            raise
        answer.add_done_callback(partial(self._answered, producer, partition, entries))

    def _answered(
        self, producer: AIOKafkaProducer, partition: int, entries: list[Entry], answer: asyncio.Future[object]
    ) -> None:
        """Kafka has answered for one batch, whether its callers still wait or not."""
        error = asyncio.CancelledError() if answer.cancelled() else answer.exception()
        self._settled(producer, partition, entries, error)
        if self._fresh or self._waiting:
            self._hand_over_now()

    def _settled(
        self, producer: AIOKafkaProducer, partition: int, entries: list[Entry], error: BaseException | None
    ) -> None:
        self._under_way.discard(partition)
        if error is not None:
            self._carrier.replace(producer)
            self._failed(entries, error)
            return
        self._carrier.release(entries)
        self._metrics.published(self._topic, len(entries))
        for entry in entries:
            entry.call.acknowledged()

    def _failed(self, entries: list[Entry], error: BaseException) -> None:
        self._carrier.release(entries)
        for entry in entries:
            entry.call.failed(self._told(error, len(entries)))

    def _told(self, error: BaseException, records: int) -> TillstreamError:
        """For each call one of its own: an error that is raised twice would gather both tracebacks."""
        match error:
            case TillstreamError():
                told: TillstreamError = Unavailable(error.message, code=error.code)
            case UnknownTopicOrPartitionError():
                told = Unavailable(
                    f"the topic {self._topic} does not exist in Kafka: create it with `tillstream topics create`.",
                    code="unknown_topic",
                )
            case TopicAuthorizationFailedError():
                told = Unavailable(
                    f"Kafka does not let us write to {self._topic_in_kafka}: our user needs the rights to write and to "
                    "describe it.",
                    code="kafka_refuses",
                )
            case MessageSizeTooLargeError() if records == 1:
                told = Rejected(f"Kafka refuses a record as too large: {error}", code="record_too_large")
            case _:
                told = Unavailable(
                    f"Kafka did not take a record ({type(error).__name__}); publish it again.",
                    code="not_acknowledged",
                )
        told.__cause__ = error
        return told
