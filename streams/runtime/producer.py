"""Faust's producer, made idempotent, with a publish that waits for every answer and mends a failed producer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from faust.transport.drivers import aiokafka as driver

from streams.errors import Rejected, Unavailable
from streams.ports import Outgoing

if TYPE_CHECKING:
    from streams.runtime.faust_app import FaustApp

log = structlog.get_logger(__name__)

BATCH_BYTES = 256 * 1024
PROBE_SECONDS = 5.0
FLUSH_SECONDS = 5.0
CLOSE_SECONDS = 5.0


class Producer(driver.Producer):  # type: ignore[misc] # faust has no types for mypy
    """Publishes with ``acks=all`` and idempotence.

    A failed delivery leaves a gap in the sequence numbers, after which the broker refuses the partition until there is
    a new producer (aiokafka issue 1017). So any failed delivery costs the producer.
    """

    app: FaustApp
    _producer: AIOKafkaProducer | None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._connecting = asyncio.Lock()
        self._closing: set[asyncio.Task[None]] = set()
        super().__init__(*args, **options)

    def _new_producer(self, transactional_id: str | None = None) -> AIOKafkaProducer:  # noqa: ARG002 - Faust's signature
        kafka = self.app.kafka
        return AIOKafkaProducer(
            **kafka.options,
            client_id=kafka.client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=int(kafka.linger_seconds * 1000),
            max_batch_size=BATCH_BYTES,
            max_request_size=kafka.max_record_bytes,
            request_timeout_ms=int(kafka.publish_seconds * 1000),
        )

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish all (at least one), in order per key; returns when Kafka has acknowledged every one.

        Raises:
            Unavailable: not all were acknowledged in time. They may still arrive.
            Rejected: a record is larger than Kafka takes.
        """
        seconds = self.app.kafka.publish_seconds
        try:
            async with asyncio.timeout(seconds):
                producer = await self._connected()
                sent = [await self._send(producer, record) for record in records]
                await asyncio.wait(sent)
        except TimeoutError:
            raise Unavailable(
                f"Kafka at {self.app.kafka.bootstrap_servers} did not acknowledge {len(records)} record(s) for "
                f"{records[0].topic} within {seconds:g} s; look at the brokers and at min.insync.replicas",
                code="not_acknowledged",
            ) from None
        except MessageSizeTooLargeError as error:
            raise _too_large(error) from error
        except KafkaError as error:
            raise _not_taken(error) from error
        for future in sent:
            refusal = future.exception()
            if isinstance(refusal, MessageSizeTooLargeError):
                raise _too_large(refusal) from refusal
            if refusal is not None:
                raise _not_taken(refusal) from refusal

    async def _send(self, producer: AIOKafkaProducer, record: Outgoing) -> asyncio.Future[Any]:
        topic = self.app.kafka.names.in_kafka(record.topic)
        sent = await producer.send(topic, value=record.value, key=record.key, headers=list(record.headers))
        return self._watched(producer, sent)

    def _watched(self, producer: AIOKafkaProducer, sent: asyncio.Future[Any]) -> asyncio.Future[Any]:
        def answered(future: asyncio.Future[Any]) -> None:
            if not future.cancelled() and future.exception() is not None:
                self._give_up(producer)

        sent.add_done_callback(answered)
        return sent

    async def send(self, *args: Any, **options: Any) -> asyncio.Future[Any]:
        """Faust's own way in, which tables use for their changelog. What fails, fails in the answer: raised, it would
        end the app.
        """
        try:
            producer = await self._connected()
            return self._watched(producer, await super().send(*args, **options))
        except KafkaError as error:
            refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused

    async def flush(self) -> None:
        """Wait for what is on its way, with a limit. No commit depends on it: whatever is published or written to a
        table is awaited before its record is acknowledged.
        """
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await super().flush()
        except TimeoutError:
            log.warning("producer_not_flushed", group=self.app.group)

    async def kafka_answers(self) -> bool:
        """Whether a broker answers, asked over the producer's own connection."""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                producer = await self._connected()
                await producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError):
            return False
        return True

    # -- the producer's life ----------------------------------------------------------------------------------------

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is not None:
            return self._producer
        async with self._connecting:
            if self._producer is None:
                producer = self._new_producer()
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
        return self._producer

    def _give_up(self, producer: AIOKafkaProducer) -> None:
        """Close it in the background; the next to publish makes a new one."""
        if self._producer is producer:
            self._renew(_close(producer), "a delivery failed")

    def send_no_more(self) -> None:
        """What has not left by now shall not: an idempotent producer would try for ever. The next gets a new one."""
        if self._producer is not None:
            self._renew(_cut_off(self._producer), "a delivery is late")

    def _renew(self, closing: Coroutine[Any, Any, None], why: str) -> None:
        log.warning("producer_renewed", group=self.app.group, why=why)
        self._producer = None
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def on_stop(self) -> None:
        """Close, with a limit: a broker that is gone must not keep the process."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _close(producer)
        if self._closing:
            await asyncio.wait(self._closing)


async def _close(producer: AIOKafkaProducer) -> None:
    try:
        await asyncio.wait_for(producer.stop(), CLOSE_SECONDS)
    except (TimeoutError, KafkaError) as error:
        log.warning("producer_not_closed_cleanly", error=repr(error))
        await producer.client.close()


async def _cut_off(producer: AIOKafkaProducer) -> None:
    """Close without sending what waits, nor trying again what was sent without an answer."""
    producer._sender.sender_task.cancel()  # noqa: SLF001 - selftest.py watches it; `stop` would try for seconds
    await producer.client.close()
    await _close(producer)


def _too_large(error: BaseException) -> Rejected:
    return Rejected(f"a record is larger than Kafka takes: {error}", code="record_too_large")


def _not_taken(error: BaseException) -> Unavailable:
    return Unavailable(
        f"Kafka did not take a record ({type(error).__name__}: {error}); the producer is renewed, publish again",
        code="not_acknowledged",
    )
