"""Holds aiokafka's consumer: how it is made, where it starts, and what it takes.

Faust puts that consumer into a thread with an event loop of its own, so that agents that block cannot stop its
heartbeats. Here nothing blocks, and the consumer runs on the loop of everything else: a thread costs two wake-ups and
a wait for Python's lock with every fetch, commit and seek. A loop that stands still for longer than the session's time
loses its partitions, as it should: it does no work on them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.exceptions import ConsumerNotStarted
from faust.types import TP
from mode import Service

from streams.ports import Failpoint
from streams.runtime.session import Session
from streams.runtime.starting import Gap, OffsetsLost, gaps_of, note_of

if TYPE_CHECKING:
    from streams.runtime.consumer import Consumer
    from streams.runtime.faust_app import FaustApp

log = structlog.get_logger(__name__)

NEVER_MS = 100 * 365 * 24 * 60 * 60 * 1000
"""Instead of ``max.poll.interval.ms``: a worker whose lanes are full does not poll and shall keep its partitions.
Whether it is alive is the watchdog's matter. It is aiokafka that counts, from the consumer's start, for it does not see
our fetches; Kafka is not told."""

LEAVE_SECONDS = 5.0
"""How long leaving the group may take."""

Taken = Mapping[TopicPartition, list[Any]]
"""Records by partition."""


class Reader(Service, ConsumerRebalanceListener):  # type: ignore[misc] # mode and aiokafka have no types for mypy
    """Owns aiokafka's consumer. Stands where Faust's consumer has its thread, and answers what it asks there.

    Where it starts is said in `streams.runtime.starting`. A committed offset, or a position, that is not in the log is
    fatal, never a silent reset: ``auto.offset.reset`` is ``none``.
    """

    def __init__(self, consumer: Consumer, **options: Any) -> None:
        self.app: FaustApp = consumer.app
        self.seeks = 0
        """Times that the positions were set."""
        self.connected = False
        """Whether aiokafka's consumer has all its parts."""
        self.session = Session(self.app.kafka.lease_seconds)
        self._owner = consumer
        self._consumer: AIOKafkaConsumer | None = None
        super().__init__(**options)

    async def on_start(self) -> None:
        """Connect.

        Raises:
            KafkaConnectionError: no broker answers.
        """
        self._consumer = self._new_consumer()
        await self._consumer.start()
        coordinator = self._consumer._coordinator  # noqa: SLF001 - it joins no group before `subscribe`
        coordinator._send_req = self.session.listening(coordinator._send_req)  # noqa: SLF001
        self.connected = True

    def _new_consumer(self) -> AIOKafkaConsumer:
        kafka = self.app.kafka
        tables = bool(self.app.tables.changelog_topics)
        return AIOKafkaConsumer(
            **kafka.options,
            client_id=kafka.client_id,
            group_id=self.app.conf.id,
            group_instance_id=kafka.instance_id,
            # Faust's assignor keeps a table's changelog with its source; recovery asks it (app.assignor)
            partition_assignment_strategy=[self.app.assignor if tables else RoundRobinPartitionAssignor],
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

    async def on_stop(self) -> None:
        """Leave the group, with a limit: brokers that are gone must not keep the process."""
        consumer = self._consumer
        if consumer is None:
            return
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await consumer.stop()
        except TimeoutError:
            log.warning("group_not_left", group=self.app.group, effect="its partitions go on after the session's time")
            await consumer._fetcher.close()  # noqa: SLF001 - selftest.py watches every private name of aiokafka here
            await consumer._client.close()  # noqa: SLF001

    def close(self) -> None:
        """Called by Faust when the group hands over while the app stops: leaving the group is part of stopping."""

    # -- the group ------------------------------------------------------------------------------------------------

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Read these topics; the group hands over."""
        self._ensure_consumer().subscribe(topics=set(topics), listener=self)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Partitions are about to go; they do when this returns."""
        self.app.on_rebalance_start()
        await self._owner.on_partitions_revoked({TP(*tp) for tp in revoked})

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Partitions have come."""
        generation = self._ensure_consumer()._coordinator.generation  # noqa: SLF001
        self.app.consumer_generation_id = generation
        await self._owner.on_partitions_assigned({TP(*tp) for tp in assigned}, generation)

    def assignment(self) -> set[TP]:
        """The partitions that this worker has."""
        return {TP(*tp) for tp in self._ensure_consumer().assignment()}

    def topic_partitions(self, topic: str) -> int | None:
        """How many partitions a topic has; None if that is not known."""
        return None if self._consumer is None else len(self._consumer.partitions_for_topic(topic) or ()) or None

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit what is still ours. False if it failed; anything but a hand-over meanwhile crashes the app."""
        ours = self.assignment()
        noted = {
            TopicPartition(*tp): OffsetAndMetadata(at, note_of(self._owner.done_ms(tp)))
            for tp, at in offsets.items()
            if tp in ours
        }
        self.app.failpoints.reach(Failpoint.BEFORE_COMMIT)
        try:
            await self._ensure_consumer().commit(noted)
        except CommitFailedError as error:
            if "already rebalanced" not in str(error):
                await self.crash(error)
            return False
        except Exception as error:  # noqa: BLE001 - it ends the app, which is said
            await self.crash(error)
            return False
        return True

    # -- taking records -------------------------------------------------------------------------------------------

    async def take(self, wanted: Collection[TP], timeout: float) -> Taken:
        """The next records of these partitions; empty after ``timeout`` seconds.

        Nothing else runs between the taking, which moves the positions on, and the return to the caller.
        """
        consumer = self._ensure_consumer()
        if consumer._closed:  # noqa: SLF001
            raise ConsumerStoppedError
        try:
            records: Taken = await consumer._fetcher.fetched_records(  # noqa: SLF001
                wanted,
                timeout=timeout,
                max_records=consumer._max_poll_records,  # noqa: SLF001
            )
        except NoOffsetForPartitionError:
            return {}  # it was just assigned; its position is about to be set
        except OffsetOutOfRangeError as error:
            await self._out_of_range(consumer, dict(error.args[0]))
            return {}
        return records

    async def _out_of_range(self, consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]) -> None:
        """A changelog is read from where its log starts; everything else must not skip."""
        ours = {tp: offset for tp, offset in positions.items() if self._is_ours(tp)}
        if ours:
            first = await consumer.beginning_offsets(list(ours))
            gaps = tuple(Gap(*self.app.place(TP(*tp)), at, first[tp]) for tp, at in sorted(ours.items()))
            raise OffsetsLost(self.app.group, gaps)
        await consumer.seek_to_beginning(*positions)

    # -- where to start -------------------------------------------------------------------------------------------

    async def seek_to_start(self) -> Mapping[TP, int | None]:
        """Set every assigned partition of our topics to its committed offset, or to 0 if it has none (None).

        Nothing else runs between the setting and the return to the caller.

        Raises:
            OffsetsLost: that offset is below the log's start.
            IllegalStateError: partitions have come or gone meanwhile.
        """
        consumer, seeks = self._ensure_consumer(), self.seeks
        assigned = consumer.assignment()
        ours = [tp for tp in assigned if self._is_ours(tp)]
        first = await consumer.beginning_offsets(ours)
        committed = dict(zip(ours, await asyncio.gather(*map(consumer.committed, ours)), strict=True))
        if seeks != self.seeks or assigned != consumer.assignment():
            raise IllegalStateError("the group handed over, and positions were set, meanwhile")
        place = self.app.place
        gaps = gaps_of(
            {place(TP(*tp)): at for tp, at in committed.items()}, {place(TP(*tp)): at for tp, at in first.items()}
        )
        if gaps:
            raise OffsetsLost(self.app.group, gaps)
        self.seeks += 1
        for tp, offset in committed.items():
            consumer.seek(tp, offset or 0)
        return {TP(*tp): offset for tp, offset in committed.items()}

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Set the positions of changelogs, for recovery."""
        for tp, offset in partitions.items():
            self._ensure_consumer().seek(tp, offset)

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """Where the logs start."""
        offsets: Mapping[TP, int] = await self._ensure_consumer().beginning_offsets(partitions)
        return offsets

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Where the logs end."""
        offsets: Mapping[TP, int] = await self._ensure_consumer().end_offsets(partitions)
        return offsets

    def _is_ours(self, tp: TopicPartition) -> bool:
        return bool(self.app.topics.acks_enabled_for(tp.topic))

    # -- how it goes ----------------------------------------------------------------------------------------------

    def _ensure_consumer(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise ConsumerNotStarted(f"the consumer of {self.app.group} has not started")
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
