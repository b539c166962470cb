"""The thread in which aiokafka's consumer lives: how it is made, where it starts, and what it takes.

Everything here runs in that thread, except where `call_thread` crosses over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import ConsumerStoppedError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import QueueServiceThread

if TYPE_CHECKING:
    from streams.runtime.faust_app import FaustApp

log = structlog.get_logger(__name__)

NEVER_MS = 24 * 60 * 60 * 1000
"""Instead of ``max.poll.interval.ms``: a worker whose lanes are full does not poll and shall keep its partitions.
Whether it is alive is the watchdog's matter."""

LEAVE_SECONDS = 5.0
"""How long leaving the group may take."""

Taken = tuple[int, Mapping[TopicPartition, list[Any]]]
"""Records by partition, and how many seeks had been made when they were taken."""


class OffsetsLost(RuntimeError):
    """Records that the group has not processed are no longer in Kafka's log. A person must decide where to go on."""


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc] # faust has no types for mypy
    """Owns aiokafka's consumer.

    A group without a committed offset starts at the log's start. A committed offset, or a position, that is not in
    the log is fatal, never a silent reset: ``auto.offset.reset`` is ``none``.
    """

    app: FaustApp

    seeks: int = 0
    """Times that the positions were set. Written here, read by the main thread."""

    def _create_worker_consumer(self, _transport: Any) -> AIOKafkaConsumer:
        kafka = self.app.kafka
        tables = bool(self.app.tables.changelog_topics)
        # Faust's assignor keeps a table's changelog with its source; it must be known to recovery (app.assignor)
        self._assignor = self.app.assignor if tables else RoundRobinPartitionAssignor
        return AIOKafkaConsumer(
            **kafka.options,
            client_id=kafka.client_id,
            group_id=self.app.conf.id,
            group_instance_id=kafka.instance_id,
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_poll_records=max(1, kafka.buffer_records // 5),
            max_poll_interval_ms=NEVER_MS,
            rebalance_timeout_ms=int(kafka.rebalance_seconds * 1000),
            session_timeout_ms=int(kafka.session_seconds * 1000),
            heartbeat_interval_ms=int(min(3.0, kafka.session_seconds / 4) * 1000),
            request_timeout_ms=int(kafka.request_seconds * 1000),
            fetch_max_wait_ms=int(kafka.fetch_wait_seconds * 1000),
            max_partition_fetch_bytes=kafka.fetch_partition_bytes,
        )

    async def on_thread_stop(self) -> None:
        """Leave the group, with a limit: brokers that are gone must not keep the process."""
        await QueueServiceThread.on_thread_stop(self)
        if self._consumer is None:
            return
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._consumer.stop()
        except TimeoutError:
            log.warning(
                "group_not_left", group=self.app.conf.id, effect="its partitions go on after the session's time"
            )
            await self._consumer._client.close()  # noqa: SLF001

    # -- taking records -------------------------------------------------------------------------------------------

    async def take(self, wanted: Collection[TP], timeout: float) -> Taken:
        """The next records of these partitions; empty after ``timeout`` seconds, or while the flow stands still."""
        taken: Taken = await self.call_thread(self._take, wanted, timeout)
        return taken

    async def _take(self, wanted: Collection[TP], timeout: float) -> Taken:
        consumer = self._ensure_consumer()
        if not self.consumer.flow_active:
            return self.seeks, {}
        if consumer._closed:  # noqa: SLF001 - selftest.py watches every private name of aiokafka used here
            raise ConsumerStoppedError
        try:
            records = await consumer._fetcher.fetched_records(  # noqa: SLF001
                wanted,
                timeout=timeout,
                max_records=consumer._max_poll_records,  # noqa: SLF001
            )
        except NoOffsetForPartitionError:
            return self.seeks, {}  # it was just assigned; its position is about to be set
        except OffsetOutOfRangeError as error:
            await self._out_of_range(consumer, dict(error.args[0]))
            return self.seeks, {}
        return self.seeks, records

    async def _out_of_range(self, consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
        """A changelog is read from where its log starts; everything else must not skip."""
        ours = {tp: offset for tp, offset in positions.items() if self._is_ours(tp)}
        if ours:
            raise OffsetsLost(self._lost(ours, await consumer.beginning_offsets(list(ours))))
        await consumer.seek_to_beginning(*positions)

    # -- where to start -------------------------------------------------------------------------------------------

    async def seek_to_start(self) -> Mapping[TopicPartition, int]:
        """Set every assigned partition of our topics to its committed offset, or to its log's start.

        Raises:
            OffsetsLost: a committed offset is below the log's start.
        """
        positions: Mapping[TopicPartition, int] = await self.call_thread(self._seek_to_start)
        return positions

    async def _seek_to_start(self) -> Mapping[TopicPartition, int]:
        consumer = self._ensure_consumer()
        ours = [tp for tp in consumer.assignment() if self._is_ours(tp)]
        first = await consumer.beginning_offsets(ours)
        committed = dict(zip(ours, await asyncio.gather(*map(consumer.committed, ours)), strict=True))
        lost = {tp: offset for tp, offset in committed.items() if offset is not None and offset < first[tp]}
        if lost:
            raise OffsetsLost(self._lost(lost, first))
        positions = {tp: first[tp] if offset is None else offset for tp, offset in committed.items()}
        self.seeks += 1  # from here to the end nothing else runs in this thread, so no record is taken in between
        for tp, offset in positions.items():
            consumer.seek(tp, offset)
        return positions

    def _is_ours(self, tp: TopicPartition) -> bool:
        return bool(self.app.topics.acks_enabled_for(tp.topic))

    def _lost(self, positions: Mapping[TopicPartition, int], first: Mapping[TopicPartition, int]) -> str:
        group, servers = self.app.conf.id, self.app.kafka.bootstrap_servers
        places = "; ".join(
            f"{tp.topic} {tp.partition} is processed up to offset {offset}, but its log starts at {first[tp]}"
            for tp, offset in sorted(positions.items())
        )
        topics = " ".join(f"--topic {tp.topic}:{tp.partition}" for tp in sorted(positions))
        return (
            f"records that {group} has not processed are not in Kafka any more: {places}. Retention was shorter than "
            "the outage, or the topic was made anew. Nothing is skipped without you: find what is missing (the poller "
            "reads it again), then set the group to where it shall go on: kafka-consumer-groups.sh "
            f"--bootstrap-server {servers} --group {group} {topics} --reset-offsets --to-earliest --execute"
        )

    # -- looked at from the main thread ---------------------------------------------------------------------------

    @property
    def consumer_or_none(self) -> AIOKafkaConsumer | None:
        """aiokafka's consumer, None before it is started."""
        return self._consumer

    def group_error(self) -> BaseException | None:
        """The error that aiokafka keeps for whoever calls its `getmany`; Faust never does."""
        error: BaseException | None = self._ensure_consumer()._coordinator._pending_exception  # noqa: SLF001
        return error

    def ended(self) -> Iterator[str]:
        """Which of aiokafka's endless tasks have ended."""
        consumer = self._ensure_consumer()
        if consumer._coordinator._coordination_task.done():  # noqa: SLF001
            yield "taking part in its group"
        if consumer._fetcher._fetch_task.done():  # noqa: SLF001
            yield "fetching"

    def last_fetch(self) -> int:
        """Time of the newest answer to a fetch, in milliseconds; 0 before the first."""
        assignment = self._assignment_state()
        if assignment is None:
            return 0
        return max((assignment.state_value(tp).timestamp or 0 for tp in assignment.tps), default=0)

    def ends(self) -> Mapping[TP, int]:
        """The next offset of each assigned partition of ours, as of its last fetch."""
        assignment = self._assignment_state()
        if assignment is None:
            return {}
        ends = {TP(*tp): assignment.state_value(tp).highwater for tp in assignment.tps if self._is_ours(tp)}
        return {tp: end for tp, end in ends.items() if end is not None}

    def _assignment_state(self) -> Any:
        subscription = self._ensure_consumer()._subscription.subscription  # noqa: SLF001
        return None if subscription is None else subscription.assignment
