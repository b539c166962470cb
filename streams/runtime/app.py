"""A stage's Kafka side: one Faust App per role, hardened, on the running event loop.

    app = StageApp(group="tillstream.deliver.pos", kafka=KafkaSettings(options), drain_seconds=10)
    lanes = Lanes(stage.process, width=32, capacity=1000, on_failure=app.fail)

    async def receive(record: Record, ack: Ack) -> None:
        await lanes.submit(record, record.key, ack)

    async def revoked(partitions: Sequence[Partition]) -> None:
        lanes.drop_unstarted(partitions)
        await lanes.drain(10)

    app.consume(["canonical.sale"], receive)
    app.on_revoked(revoked)
    await app.run(stop)                      # until the event `stop` is set; raises what ended it otherwise

A record that is never acknowledged is given again after a crash or a hand-over. Nothing is committed past it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from streams.errors import Unavailable
from streams.ports import NOWHERE, Failpoints, Outgoing, Partition, Record
from streams.runtime.consumer import Consumer, Gate
from streams.runtime.faust_app import FaustApp, topic_of
from streams.runtime.selftest import check_libraries
from streams.runtime.settings import KafkaSettings
from streams.runtime.supervisor import LastResort
from streams.runtime.table import StageTable

log = structlog.get_logger(__name__)

Ack = Callable[[], Awaitable[None]]
Receive = Callable[[Record, Ack], Awaitable[None]]
Hook = Callable[[Sequence[Partition]], Awaitable[None]]

STOP_SECONDS = 30.0
"""Time to stop in, beyond the drain, before the process is ended hard."""


@dataclass(frozen=True, slots=True)
class PartitionNumbers:
    """One owned partition, for metrics.

    Attributes:
        end: next offset of the log, as of the last fetch.
        position: everything below it is done.
        in_flight: records handed on and not done.
        oldest_ms: Kafka's timestamp of the oldest of those, None if there is none.
    """

    end: int
    position: int
    in_flight: int
    oldest_ms: int | None = None

    @property
    def lag(self) -> int:
        """Records that are not done."""
        return max(0, self.end - self.position)


class StageApp:
    """Consumes, acknowledges and publishes for one role. Implements `streams.ports.Publisher`.

    Args:
        group: the consumer group; also the name of the Faust App and of its changelogs.
        kafka: how Kafka is reached.
        drain_seconds: the longest that the hooks of `on_revoked` may take; below ``kafka.rebalance_seconds``.
        end_process: `os._exit`, but for tests.
        failpoints: told before every commit.
    """

    def __init__(
        self,
        *,
        group: str,
        kafka: KafkaSettings,
        drain_seconds: float = 10.0,
        end_process: Callable[[int], object] = os._exit,
        failpoints: Failpoints = NOWHERE,
    ) -> None:
        check_libraries()
        if drain_seconds >= kafka.rebalance_seconds:
            raise ValueError(
                f"worker.drain_seconds ({drain_seconds:g}) must be below the group's rebalance time "
                f"({kafka.rebalance_seconds:g} s), or a worker that drains is put out of its group"
            )
        self.group = group
        self.failure: BaseException | None = None
        """What ended the app, None if nothing has."""
        self._faust = FaustApp(group, kafka, self, failpoints)
        self._kafka = kafka
        self._drain_seconds = drain_seconds
        self._failed = asyncio.Event()
        self._resort = LastResort(end_process)
        self._topics: list[str] = []
        self._tables: list[StageTable] = []
        self._assigned_hooks: list[Hook] = []
        self._revoked_hooks: list[Hook] = []
        self._stopping = False
        self.waits_for_hook = False
        """Whether a hook of `on_assigned` is running; nothing is consumed meanwhile."""

    @property
    def session_seconds(self) -> float:
        """Within which Kafka tells a worker that its partitions are another's, if it reaches it."""
        return self._kafka.session_seconds

    # -- before the start -----------------------------------------------------------------------------------------

    def consume(self, topics: Sequence[str], receive: Receive) -> None:
        """Read these topics. ``receive(record, ack)`` is awaited per record, in order; its waiting is backpressure.

        Await ``ack()`` once the record's fate is durable. An exception out of ``receive`` ends the app.
        """
        self._topics.extend(topics)
        channel = topic_of(self._faust, topics)

        async def agent(stream: Any) -> None:
            stream = stream.noack()
            async for event in stream.events():
                await receive(self._record(event.message), self._ack(stream, event))

        agent.__name__ = f"consume_{len(self._topics)}"
        self._faust.agent(channel)(agent)

    def table(self, name: str, *, partitions: int) -> StageTable:
        """A small table beside the topics that are read, which must have as many partitions.

        Its changelog ``<group>-<name>-changelog`` must exist: declare it in `streams/topics.py`, compacted.
        """
        table = StageTable(self._faust, name, partitions=partitions)
        self._tables.append(table)
        return table

    def on_assigned(self, hook: Hook) -> None:
        """``hook(partitions)`` completes before the first record of these partitions is received."""
        self._assigned_hooks.append(hook)

    def on_revoked(self, hook: Hook) -> None:
        """``hook(partitions)`` is awaited before the partitions go, and at the end; at most ``drain_seconds``.

        What is acknowledged in it is still committed.
        """
        self._revoked_hooks.append(hook)

    # -- the run --------------------------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Start, work until ``stop`` is set, then drain, commit and leave the group.

        Raises:
            Unavailable: Kafka could not be reached at the start.
            Exception: what ended the app; the process must exit with an error, so that it is started anew.
        """
        try:
            await self.start(stop)
            await self._until(stop)
        finally:
            await self.stop()
        if self.failure is not None:
            raise self.failure

    async def start(self, stop: asyncio.Event | None = None) -> None:
        """Connect, join the group, rebuild tables. Returns when records are received, ``stop`` is set, or it failed."""
        starting = asyncio.create_task(self._start())
        waiting = asyncio.create_task(self._until(stop or asyncio.Event()))
        try:
            await asyncio.wait([starting, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (starting, waiting):
                task.cancel()
            await asyncio.gather(starting, waiting, return_exceptions=True)
        if not starting.cancelled() and (error := starting.exception()) is not None:
            self.fail(error)

    async def _start(self) -> None:
        try:
            await self._faust.start()
        except (OSError, KafkaError) as error:
            raise self._unreachable(error) from error

    async def stop(self) -> None:
        """Stop consuming, let started work finish within limits, commit, leave the group. Again is harmless."""
        if self._stopping:
            return
        self._stopping = True
        limit = STOP_SECONDS + (0 if self.failure else self._drain_seconds)
        self._resort.arm(limit, f"{self.group} did not stop within {limit:g} s")
        try:
            await self._faust.stop()
        except Exception as error:
            log.exception("stop_incomplete", group=self.group)
            self.fail(error)  # and the last resort stays armed: something may go on
        else:
            self._resort.disarm()

    def fail(self, error: BaseException) -> None:
        """End the app because of ``error``: `run` raises it. For lanes (``on_failure``) and everything beside them."""
        if self.failure is None:
            self.failure = error
            log.critical("worker_failed", group=self.group, error=repr(error), exc_info=error)
        self._failed.set()

    def halt(self, topic: str, partition: int) -> None:
        """Take no more records of a partition until partitions are assigned anew. The others go on."""
        if self._consumer is not None:
            self._consumer.halted.add(self._faust.tp(topic, partition))

    async def _until(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(self._failed.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    # -- publishing -----------------------------------------------------------------------------------------------

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish all, in order per key; returns when Kafka has acknowledged every one with ``acks=all``.

        Raises:
            Unavailable: not all were acknowledged in time; they may still arrive.
            Rejected: a record is larger than Kafka takes.
        """
        if records:
            await self._faust.producer.publish(records)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def reason(self) -> str | None:
        """For readiness: why no records are received; None if they are, or if other workers have all partitions."""
        if self.failure is not None:
            return f"failed: {self.failure}"
        if self._stopping:
            return "stopping"
        if self.waits_for_hook:
            return "reads what is held for the partitions that it was assigned; the store must answer"
        if not self._faust.started or not self._faust.tables.recovery.completed.is_set():
            return f"joining the group {self.group} at {self._kafka.bootstrap_servers}"
        if self._faust.in_recovery:
            return "rebuilding its table from the changelog"
        if self._faust.rebalancing:
            return "the group is handing partitions over"
        return None

    def recovering_seconds(self) -> float:
        """How long the table has been rebuilding from the changelog; 0 if it is not, or there is none."""
        recovery = self._faust.tables.recovery
        began: float | None = recovery._recovery_started_at  # noqa: SLF001 - Faust tells it to its log alone
        if not self._tables or not self._faust.in_recovery or began is None:
            return 0.0
        return time.monotonic() - began

    def partitions(self) -> Mapping[Partition, PartitionNumbers]:
        """The owned partitions of the topics that are read."""
        consumer = self._consumer
        if consumer is None or consumer.gate is not Gate.OPEN:
            return {}
        return {
            self._faust.place(tp): PartitionNumbers(end, mark.position, mark.in_flight, mark.oldest_ms)
            for tp, end, mark in consumer.progress()
        }

    def committed(self) -> Mapping[Partition, int]:
        """Up to where each owned partition is committed: what is below is not given again."""
        consumer = self._consumer
        if consumer is None or consumer.gate is not Gate.OPEN:
            return {}
        return {self._faust.place(tp): offset for tp, offset in consumer.committed().items()}

    @property
    def _consumer(self) -> Consumer | None:
        consumer: Consumer | None = self._faust._consumer  # noqa: SLF001 - the property would make one
        return consumer

    # -- Owner: what Faust tells ------------------------------------------------------------------------------------

    async def assigned(self) -> None:
        """See `streams.runtime.faust_app.Owner`."""
        partitions = self._owned()
        self.waits_for_hook = True
        try:
            self._check_tables()
            for hook in self._assigned_hooks:
                await hook(partitions)
        except Exception as error:
            self.fail(error)
            raise
        finally:
            self.waits_for_hook = False

    async def release(self, partitions: Sequence[Partition]) -> None:
        """See `streams.runtime.faust_app.Owner`."""
        if self.failure is not None:
            return
        try:
            async with asyncio.timeout(self._drain_seconds + 1.0):
                for hook in self._revoked_hooks:
                    await hook(partitions)
        except TimeoutError:
            log.warning("drain_incomplete", group=self.group, effect="started work goes on; it may be done twice")
        except Exception as error:  # noqa: BLE001 - it ends the app, which is said
            self.fail(error)

    def crashed(self, reason: BaseException) -> None:
        """See `streams.runtime.faust_app.Owner`."""
        if not self._stopping:  # what is cancelled on the way out is no failure
            self.fail(reason)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _ack(self, stream: Any, event: Any) -> Ack:
        async def ack() -> None:
            if self._tables:
                record = self._record(event.message)
                for table in self._tables:
                    await table.settled(record)
            await stream.ack(event)

        return ack

    def _owned(self) -> list[Partition]:
        places = map(self._faust.place, self._faust.consumer.assignment())
        return sorted(place for place in places if place[0] in self._topics)

    def _check_tables(self) -> None:
        """A changelog whose partitions differ from the source's would lose values at the next hand-over."""
        for table in self._tables:
            for topic in self._topics:
                its, source = self._count(table.changelog), self._count(topic)
                if its != source:
                    raise RuntimeError(
                        f"the changelog {table.changelog} has {its or 'no'} partitions, {topic} has {source}: they "
                        "must be equal. Create it with `tillstream topics create`"
                    )

    def _count(self, topic: str) -> int | None:
        partitions: int | None = self._faust.consumer.topic_partitions(self._kafka.names.in_kafka(topic))
        return partitions

    def _unreachable(self, error: BaseException) -> Unavailable:
        return Unavailable(
            f"no Kafka broker answers at {self._kafka.bootstrap_servers} ({error}): check that Kafka runs and that the "
            "address is right",
            code="no_broker",
        )

    def _record(self, message: Any) -> Record:
        return Record(
            topic=self._kafka.names.logical(message.topic),
            partition=message.partition,
            offset=message.offset,
            key=message.key or b"",
            value=message.value or b"",
            headers=tuple(message.headers or ()),
            timestamp_ms=round(message.timestamp * 1000),
        )
