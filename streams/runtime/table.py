"""A small Faust table that lanes may use: bytes by text, kept in memory, rebuilt from its changelog topic."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from streams.ports import Record

if TYPE_CHECKING:
    from streams.runtime.faust_app import FaustApp

Place = tuple[str, int, int]
"""Topic, partition and offset of the record that caused a write."""


class StageTable:
    """Absolute values of the keys of the partitions that this worker owns.

    Faust's own table may only be used while its stream is being iterated, because it asks there which partition the
    changelog entry goes to. A lane works later, so here the record says it: the changelog's partition is the record's.
    A record is not acknowledged before its writes are in the changelog (`settled`).
    """

    def __init__(self, app: FaustApp, name: str, *, partitions: int) -> None:
        """Declare the table; before the app starts.

        Args:
            app: the stage's.
            name: of the table; its changelog is ``<group>-<name>-changelog``.
            partitions: of the changelog, equal to those of the topic that is read.
        """
        self.name = name
        self._table: Any = app.Table(name, key_type=bytes, value_type=bytes, partitions=partitions)
        self._unsettled: dict[Place, list[asyncio.Future[Any]]] = defaultdict(list)

    @property
    def changelog(self) -> str:
        """The topic that keeps the table."""
        return str(self._table.changelog_topic_name)

    def get(self, key: str) -> bytes | None:
        """The value of a key of an owned partition."""
        value: bytes | None = self._table.data.get(key.encode())
        return value

    def put(self, key: str, value: bytes, record: Record) -> None:
        """Set the value. ``record`` is what caused it; its acknowledgement waits for the changelog."""
        raw = key.encode()
        store = self._table.data
        store.data[raw] = value
        store._key_partition[raw] = record.partition  # noqa: SLF001 - so that the key goes when its partition goes
        sent = self._table.send_changelog(record.partition, raw, value)
        self._unsettled[record.topic, record.partition, record.offset].append(sent)

    def __len__(self) -> int:
        return len(self._table.data)

    async def settled(self, record: Record) -> None:
        """Wait until what the record caused is in the changelog. Raises what Kafka said if it is not."""
        place = (record.topic, record.partition, record.offset)
        if place in self._unsettled:
            await asyncio.gather(*self._unsettled.pop(place))
