"""Records of Kafka, and the port that writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Partition = tuple[str, int]
"""A partition of a topic: the topic's name and the partition's number."""


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record as a stage sees it: raw bytes, routing in the headers."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int

    @property
    def topic_partition(self) -> Partition:
        """Which partition it is in."""
        return self.topic, self.partition


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Publisher(Protocol):
    """Writes to Kafka; returns only when the broker has acknowledged with ``acks=all``."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish all, in order per key. Raises Unavailable if the broker did not acknowledge."""
        ...
