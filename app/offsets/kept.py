"""Where every group stands, kept in the store: a store that comes back from a backup then says what it had seen done.

A group's offset passes only what is durable in the store. So whatever lies below the offsets that a backup holds is in
that backup as well, however far behind the group was when it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from app.kafka_admin import connected_admin
from app.kafka_positions import await_coordinator
from app.polling.turns import Turns, handed_on_if_it_fails
from app.settings import KafkaSettings
from app.store.cursors import Cursors
from streams.ports import Clock, Partition

NAME = "offsets"
"""Of the row in the table of cursors, and of the lease under which one poller keeps it."""

Offsets = Mapping[str, Mapping[Partition, int]]
"""Everything below is done, by group."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store says of the groups.

    Attributes:
        at: when they were asked.
        offsets: where they stood.
    """

    at: datetime
    offsets: Offsets

    def written(self) -> str:
        """As it is stored."""
        groups = {
            group: [[topic, partition, offset] for (topic, partition), offset in sorted(places.items())]
            for group, places in self.offsets.items()
        }
        return orjson.dumps({"at": self.at.astimezone(UTC), "groups": groups}).decode()

    @classmethod
    def read(cls, stored: str) -> Kept:
        """What was stored."""
        found = orjson.loads(stored)
        groups = {
            group: {(topic, partition): offset for topic, partition, offset in places}
            for group, places in found["groups"].items()
        }
        return cls(datetime.fromisoformat(found["at"]), groups)


async def kept_in(cursors: Cursors) -> Kept | None:
    """What a store holds; None if no poller has ever kept it there."""
    stored = await cursors.get(NAME)
    return None if stored is None else Kept.read(stored)


class OffsetsKeeper:
    """Implements `app.polling.polls.Poll`: asks Kafka now and then where the groups stand, and keeps the answer.

    Args:
        kafka: how it is reached.
        groups: names of the groups.
        turns: one poller at a time keeps it.
        clock: says when.
        every_seconds: how often; what a restored store makes the groups read again is at least this old.
    """

    name = NAME

    def __init__(
        self, kafka: KafkaSettings, groups: tuple[str, ...], turns: Turns, clock: Clock, every_seconds: float
    ) -> None:
        self._kafka = kafka
        self._groups = groups
        self._turn = turns.of(self.name)
        self._clock = clock
        self._every_seconds = every_seconds

    async def once(self) -> float:
        """Keep where the groups stand, unless another process does so just now."""
        if not await self._turn.begin():
            return self._every_seconds
        async with handed_on_if_it_fails(self._turn):
            before = await self._turn.cursor()
            began = self._clock.now()
            kept = Kept(began, await committed_offsets(self._kafka, self._groups))
            await self._turn.move(kept.written(), previous=before)
            await self._turn.finish(began)
        await self._turn.end()
        return self._every_seconds

    async def close(self) -> None:
        """Let another process keep it at once."""
        await self._turn.end()


async def committed_offsets(kafka: KafkaSettings, groups: tuple[str, ...]) -> Offsets:
    """Where these groups stand; one that has never committed stands nowhere. Raises Unavailable."""
    found: dict[str, Mapping[Partition, int]] = {}
    async with connected_admin(kafka) as admin:
        for group in groups:
            await await_coordinator(admin, group)
            committed = await admin.list_consumer_group_offsets(group)
            found[group] = {(at.topic, at.partition): told.offset for at, told in committed.items() if told.offset >= 0}
    return found
