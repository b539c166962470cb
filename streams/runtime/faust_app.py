"""Faust's App as one stage uses it: our transport, no files, no web, and it tells its owner when it crashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import faust
from faust.tables.recovery import RebalanceAgain
from faust.types import TP

from streams.ports import NOWHERE, Failpoints, Partition
from streams.runtime.settings import KafkaSettings
from streams.runtime.transport import Transport


class Owner(Protocol):
    """What the app tells to whoever made it."""

    @property
    def waits_for_hook(self) -> bool:
        """Whether a hook of the stage is what everything waits for."""
        ...

    async def release(self, partitions: Sequence[Partition]) -> None:
        """Partitions are about to go: let started work finish. Bounded in time, never raises."""
        ...

    async def assigned(self) -> None:
        """Partitions were assigned and nothing of them has been handed on yet."""
        ...

    def crashed(self, reason: BaseException) -> None:
        """Something of Faust has failed for good."""
        ...


class FaustApp(faust.App):  # type: ignore[misc] # faust has no types for mypy
    """One role's App. See `streams.runtime.app.StageApp`, which owns it."""

    def __init__(self, group: str, kafka: KafkaSettings, owner: Owner, failpoints: Failpoints = NOWHERE) -> None:
        self.group = group
        """As everything but Kafka calls it."""
        self.kafka = kafka
        self.failpoints = failpoints
        self._owner = owner
        super().__init__(
            kafka.names.in_kafka(group),  # changelogs are named after it
            # our own clients take kafka.options; this is what Faust shows in its log
            broker=f"kafka://{kafka.bootstrap_servers.split(',')[0]}",
            autodiscover=False,
            broker_session_timeout=kafka.session_seconds,
            broker_request_timeout=kafka.request_seconds,
            broker_commit_interval=kafka.commit_seconds,
            broker_commit_every=10**9,
            stream_buffer_maxsize=kafka.buffer_records,
            stream_wait_empty=True,
            stream_publish_on_commit=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
            store="memory://",
            web_enabled=False,
            agent_supervisor="mode.supervisors:CrashingSupervisor",
        )
        self.on_rebalance_complete.connect(self._rebalanced)

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """The only store is memory."""

    async def _rebalanced(self, *_sender: object, **_signal: object) -> None:
        await self._owner.assigned()
        if self._consumer is not None and self._consumer.released:
            raise RebalanceAgain  # or Faust would set going what has just been let go

    async def release(self, partitions: Sequence[TP]) -> None:
        """See Owner."""
        await self._owner.release([self.place(tp) for tp in partitions])

    def place(self, tp: TP) -> Partition:
        """A partition as everything but Kafka calls it."""
        return self.kafka.names.logical(tp.topic), tp.partition

    def tp(self, topic: str, partition: int) -> TP:
        """A partition as Kafka calls it."""
        return TP(self.kafka.names.in_kafka(topic), partition)

    def owns(self, topic: str, partition: int) -> bool:
        """Whether a partition is ours to write for; see `streams.runtime.consumer.Consumer.owns`."""
        return self._consumer is not None and bool(self._consumer.owns(self.tp(topic, partition)))

    def send_no_more(self) -> None:
        """Nothing that tables have sent so far leaves from now on; see `streams.runtime.producer.Producer`."""
        self.producer.send_no_more()

    @property
    def waits_for_hook(self) -> bool:
        """See Owner."""
        return self._owner.waits_for_hook

    def _crash(self, reason: BaseException) -> None:
        super()._crash(reason)
        self._owner.crashed(reason)


def topic_of(app: FaustApp, names: Sequence[str]) -> Any:
    """The topics as one channel of raw bytes; Faust decodes nothing, so it cannot fail to."""
    return app.topic(
        *map(app.kafka.names.in_kafka, names),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        allow_empty=True,
    )
