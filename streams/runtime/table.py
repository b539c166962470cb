"""A small Faust table that lanes may use: bytes by text, kept in memory, rebuilt from its changelog topic."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from streams.errors import Rejected, Unavailable
from streams.ports import Record

if TYPE_CHECKING:
    from streams.runtime.faust_app import FaustApp

Place = tuple[str, int, int]
"""Topic, partition and offset of the record that caused a write."""


class PartitionMoved(Unavailable):
    """A key's partition went to another worker during the turn, whose value must not be written over.

    The turn stops if the partition is gone, and begins anew if it has come back.
    """


@dataclass(frozen=True, slots=True)
class _Write:
    """A value that is on its way to the changelog, and what it was before."""

    key: bytes
    before: bytes | None
    value: bytes
    sent: asyncio.Future[Any]


class StageTable:
    """Absolute values of the keys of the partitions that this worker owns.

    Faust's own table may only be used while its stream is being iterated, because it asks there which partition the
    changelog entry goes to. A lane works later, so here the record says it: the changelog's partition is the record's.
    A record is not acknowledged before its writes are in the changelog (`settled`).

    A turn may outlive its partition, so what `get` gave may be void when it comes to `put`: another worker may have
    written meanwhile. `put` therefore takes only what was made from the present value of a partition that is owned.

    Kafka does not fence writes to a changelog, so time does. `put` refuses while the group's last sign of us is older
    than half the session's time, and what is not in the changelog within the other half is not sent any more: by then
    another worker may rebuild the table. What remains: a process that is frozen in the instant between `put` and the
    writing to the socket, or a last attempt of its producer that is under way when the time is over.
    """

    def __init__(self, app: FaustApp, name: str, *, partitions: int) -> None:
        """Declare the table; before the app starts.

        Args:
            app: the stage's.
            name: of the table; its changelog is ``<group>-<name>-changelog``.
            partitions: of the changelog, equal to those of the topic that is read.
        """
        self.name = name
        self._app = app
        self._table: Any = app.Table(name, key_type=bytes, value_type=bytes, partitions=partitions)
        self._unsettled: dict[Place, list[_Write]] = defaultdict(list)

    @property
    def changelog(self) -> str:
        """The topic that keeps the table."""
        return self._app.kafka.names.logical(str(self._table.changelog_topic_name))

    def get(self, key: str) -> bytes | None:
        """The value of a key of an owned partition. Of any other it says nothing: `put` will refuse."""
        value: bytes | None = self._table.data.get(key.encode())
        return value

    def put(self, key: str, value: bytes, record: Record, *, instead_of: bytes | None) -> None:
        """Set the value. ``record`` is what caused it; its acknowledgement waits for the changelog.

        Args:
            key: of the record's partition.
            value: what it shall be.
            record: says the partition.
            instead_of: what `get` gave, and ``value`` was made from.

        Raises:
            PartitionMoved: the partition is not owned (any more), or the value is another one by now.
        """
        raw = key.encode()
        store = self._table.data
        if not self._app.owns(record.topic, record.partition):
            raise PartitionMoved(
                f"{record.topic} {record.partition} has gone to another worker, which works on '{key}' now: nothing "
                f"was written to the table {self.name}",
                code="partition_moved",
            )
        if store.data.get(raw) != instead_of:
            raise PartitionMoved(
                f"'{key}' in the table {self.name} was changed by another worker meanwhile: it is worked on again",
                code="table_changed",
            )
        store.data[raw] = value
        store._key_partition[raw] = record.partition  # noqa: SLF001 - so that the key goes when its partition goes
        sent = self._table.send_changelog(record.partition, raw, value)
        self._unsettled[record.topic, record.partition, record.offset].append(_Write(raw, instead_of, value, sent))

    def __len__(self) -> int:
        return len(self._table.data)

    async def settled(self, record: Record) -> None:
        """Wait until what the record caused is in the changelog. Again is harmless.

        What is not in it for sure is taken back: the record's next turn must find it new, and write it again.

        Raises:
            Unavailable: Kafka did not take it; the record must be worked on again.
            Rejected: Kafka will not take it.
        """
        place = (record.topic, record.partition, record.offset)
        if place not in self._unsettled:
            return
        writes = self._unsettled.pop(place)
        try:
            await self._in_changelog(place, [write.sent for write in writes])
        except BaseException:
            for write in reversed(writes):
                self._take_back(write)
            raise

    async def _in_changelog(self, place: Place, sent: Sequence[asyncio.Future[Any]]) -> None:
        _, late = await asyncio.wait(sent, timeout=self._app.kafka.lease_seconds)
        if late:
            self._app.send_no_more()
            raise Unavailable(
                f"the changelog {self.changelog} did not acknowledge what {place} caused within "
                f"{self._app.kafka.lease_seconds:g} s; look at the brokers and at min.insync.replicas. It is worked "
                "on again",
                code="changelog_late",
            )
        try:
            for answer in sent:
                answer.result()
        except KafkaError as error:
            kind = Rejected if isinstance(error, MessageSizeTooLargeError) else Unavailable
            raise kind(
                f"the changelog {self.changelog} does not take what {place} caused ({error!r}): see that the topic "
                "exists with the settings of `tillstream topics create`",
                code="changelog_refused",
            ) from error

    def _take_back(self, write: _Write) -> None:
        """Unless the value is another worker's by now: the partition has gone, or has come back."""
        store = self._table.data
        if store.data.get(write.key) != write.value:
            return
        if write.before is None:
            del store.data[write.key]
            store._key_partition.pop(write.key, None)  # noqa: SLF001
        else:
            store.data[write.key] = write.before
