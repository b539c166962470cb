"""Writes to Kafka with ``acks=all`` and idempotence, never waits longer than promised, and mends its own producer.

`app/outbox.py` makes the batches.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from app.deadlines import Deadlines
from app.outbox import Call, Entry, Outbox
from streams.errors import Rejected, TillstreamError, Unavailable
from streams.metrics import Metrics
from streams.names import PLAIN, KafkaNames
from streams.ports import NOWHERE, Failpoint, Failpoints, Outgoing

log = structlog.get_logger(__name__)


HEADER_BYTES = 32
"""What one header takes, name and value, about."""


@dataclass(frozen=True, slots=True)
class PublisherLimits:
    """How long a publisher waits and how much it holds.

    Attributes:
        timeout_seconds: the longest that one call takes, whatever Kafka does.
        max_records, max_bytes: records handed to Kafka and not acknowledged, also those whose caller gave up.
        max_record_bytes: largest record, below the broker's ``message.max.bytes`` (1 MiB by default).
        batch_bytes: largest batch for one partition, except a single record that is larger.
        linger_ms: the longest that a record waits for company while others of its topic are on their way.
        close_seconds: the longest that closing takes, with what is not acknowledged by then given up.
    """

    timeout_seconds: float = 5.0
    max_records: int = 10_000
    max_bytes: int = 64 * 1024 * 1024
    max_record_bytes: int = 1_040_000
    batch_bytes: int = 128 * 1024
    linger_ms: int = 20
    close_seconds: float = 5.0


class KafkaPublisher:
    """Implements `streams.ports.Publisher`.

    A producer that failed to deliver anything is replaced. With idempotence every batch has a sequence number, and a
    batch that fails on our side (refused as too large, expired while its partition had no leader) leaves a gap in
    it: the broker then refuses every later batch of that partition as out of order, until there is a new producer
    (aiokafka issue 1017). So any failed delivery, whatever its class, costs the producer.
    """

    def __init__(
        self,
        kafka: Mapping[str, object],
        client_id: str,
        metrics: Metrics,
        limits: PublisherLimits | None = None,
        *,
        failpoints: Failpoints = NOWHERE,
        names: KafkaNames = PLAIN,
    ) -> None:
        """Nothing is connected yet.

        Args:
            kafka: how to reach the brokers, as aiokafka's keyword arguments; ``bootstrap_servers`` at least.
            client_id: by which the brokers know this process.
            metrics: counts what is published.
            limits: how long and how much.
            failpoints: told of every call that Kafka has acknowledged.
            names: what topics are called in Kafka.
        """
        self._kafka = kafka
        self._brokers = kafka["bootstrap_servers"]
        self._client_id = client_id
        self._metrics = metrics
        self._limits = limits or PublisherLimits()
        self._failpoints = failpoints
        self._names = names
        self._producer: AIOKafkaProducer | None = None
        self._connecting: asyncio.Task[AIOKafkaProducer] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._records = 0
        self._bytes = 0
        self._outboxes: dict[str, Outbox] = {}
        self._deadlines = Deadlines(self._limits.timeout_seconds)
        metrics.watch_publish_buffer(lambda: self._records, lambda: self._bytes)

    async def start(self) -> None:
        """Connect. Raises Unavailable if no broker answers in time; a later ``publish`` tries again."""
        await self.connected()

    async def stop(self) -> None:
        """Wait for what Kafka was given, at most ``close_seconds``, and close; calls that wait for more are refused."""
        self._stopped = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._producer is not None:
            self.replace(self._producer)
        if self._closing:
            await asyncio.wait(self._closing)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish all, in order per key; returns when Kafka has acknowledged every one with ``acks=all``.

        Raises:
            Unavailable: not acknowledged within ``timeout_seconds``, no broker, or the buffer is full. The records
                may still arrive, so publishing them again may double them.
            Rejected: a record is larger than Kafka takes.
        """
        if not records:
            return
        began = time.monotonic()
        call = Call(len(records), asyncio.get_running_loop().create_future())
        entries = [Entry(call, record, self._size(record)) for record in records]
        self._reserve(entries)
        self._deadlines.watch(call.over)
        for entry in entries:
            self._outbox(entry.record.topic).put(entry)
        try:
            await call.over
        except TimeoutError:
            raise self._too_late(records) from None
        self._failpoints.reach(Failpoint.PRODUCE_ACKNOWLEDGED)
        self._metrics.publish_took(time.monotonic() - began)

    async def reason(self) -> str | None:
        """For readiness: asks a broker for metadata; why nothing can be published, None if it can."""
        if self._records >= self._limits.max_records or self._bytes >= self._limits.max_bytes:
            return f"the buffer is full: {self._records} records wait for Kafka to acknowledge them"
        try:
            async with asyncio.timeout(self._limits.timeout_seconds):
                producer = await self.connected()
                await producer.client.fetch_all_metadata()
        except TimeoutError:
            return f"Kafka at {self._brokers} does not answer within {self._limits.timeout_seconds:g} s"
        except (KafkaError, TillstreamError) as error:
            return str(error)
        return None

    # -- the buffer -------------------------------------------------------------------------------------------

    def _reserve(self, entries: Sequence[Entry]) -> None:
        limits = self._limits
        records, size = len(entries), sum(entry.size for entry in entries)
        full = self._records + records > limits.max_records or self._bytes + size > limits.max_bytes
        if full and self._records:
            raise Unavailable(
                f"{self._records} records ({self._bytes} bytes) wait for Kafka to acknowledge them and the buffer is "
                "full; nothing was published. It empties when Kafka answers again: look at the brokers.",
                code="buffer_full",
            )
        self._records += records
        self._bytes += size

    def release(self, entries: Sequence[Entry]) -> None:
        """These wait for Kafka no longer."""
        self._records -= len(entries)
        self._bytes -= sum(entry.size for entry in entries)

    def _size(self, record: Outgoing) -> int:
        size = len(record.key) + len(record.value) + HEADER_BYTES * len(record.headers)
        if size > self._limits.max_record_bytes:
            raise Rejected(
                f"a record of {size} bytes for {record.topic} is larger than the {self._limits.max_record_bytes} "
                "bytes that one Kafka record may have; nothing was published.",
                code="record_too_large",
            )
        return size

    def _outbox(self, topic: str) -> Outbox:
        outbox = self._outboxes.get(topic)
        if outbox is None:
            outbox = Outbox(topic, self, self._metrics, self._limits.linger_ms / 1000, names=self._names)
            self._outboxes[topic] = outbox
        return outbox

    def _too_late(self, records: Sequence[Outgoing]) -> Unavailable:
        return Unavailable(
            f"Kafka at {self._brokers} did not acknowledge {len(records)} record(s) for {records[0].topic} "
            f"within {self._limits.timeout_seconds:g} s; look at the brokers and at min.insync.replicas.",
            code="not_acknowledged",
        )

    # -- the producer -----------------------------------------------------------------------------------------

    async def connected(self) -> AIOKafkaProducer:
        """The producer, connected; callers at the same time share one attempt. Raises Unavailable."""
        if self._stopped:
            raise _stopped()
        if self._producer is not None:
            return self._producer
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._attempt_ended)
        return await asyncio.shield(self._connecting)

    def _attempt_ended(self, attempt: asyncio.Task[AIOKafkaProducer]) -> None:
        self._connecting = None
        if not attempt.cancelled() and attempt.exception() is None:
            self._producer = attempt.result()

    async def _connect(self) -> AIOKafkaProducer:
        limits = self._limits
        producer = AIOKafkaProducer(
            **self._kafka,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            max_batch_size=limits.batch_bytes,
            max_request_size=limits.max_record_bytes,
            request_timeout_ms=int(limits.timeout_seconds * 1000),
        )
        try:
            async with asyncio.timeout(limits.timeout_seconds):
                await producer.start()
        except (TimeoutError, KafkaError, OSError) as error:
            await producer.stop()
            raise Unavailable(
                f"no Kafka broker answers at {self._brokers} ({type(error).__name__}): check that Kafka runs "
                "and that the address is right.",
                code="no_broker",
            ) from error
        except asyncio.CancelledError:
            await producer.stop()
            raise _stopped() from None
        return producer

    def replace(self, producer: AIOKafkaProducer) -> None:
        """Close this producer in the background; the next batch connects a new one."""
        if self._producer is not producer:
            return
        self._producer = None
        task = asyncio.create_task(self._close(producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, producer: AIOKafkaProducer) -> None:
        """Flush and close; after ``close_seconds`` give up what Kafka has not acknowledged."""
        stopping = asyncio.create_task(producer.stop())
        done, _ = await asyncio.wait([stopping], timeout=self._limits.close_seconds)
        if not done:
            log.warning("records given up: Kafka did not acknowledge them before closing", records=self._records)
            _give_up(producer)
            await producer.client.close()
            await asyncio.wait([stopping], timeout=1.0)
        if not stopping.done():
            stopping.cancel()
            await asyncio.wait([stopping])
        if not stopping.cancelled() and (error := stopping.exception()) is not None:
            log.warning("a Kafka producer did not close cleanly", error=repr(error))


def _give_up(producer: AIOKafkaProducer) -> None:
    """Fail what a producer has buffered: its ``stop`` flushes first, without a time limit, and this ends the flush."""
    accumulator = producer._message_accumulator  # noqa: SLF001 - there is no public way to drop records
    waiting = [batch._drain_waiter for batches in accumulator._batches.values() for batch in batches]  # noqa: SLF001
    accumulator.fail_all(KafkaTimeoutError())
    for waiter in waiting:
        waiter.exception()  # looked at, so that asyncio does not log it as forgotten


def _stopped() -> Unavailable:
    return Unavailable("this process stops; publish again elsewhere.", code="stopped")
