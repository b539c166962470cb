"""Where a group stands, asked of a cluster that is new."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import OffsetAndMetadata

from app import kafka_positions
from app.kafka_positions import Position, positions_of

DONE, NEW = TopicPartition("t", 0), TopicPartition("t", 1)


class YoungCluster:
    """Admin and consumer in one: Kafka makes its topic of offsets only when a coordinator was asked for."""

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals

    async def find_coordinator(self, group: str) -> int:
        if self._refusals:
            self._refusals -= 1
            raise GroupCoordinatorNotAvailableError
        return 1

    async def list_consumer_group_offsets(self, group: str) -> dict[TopicPartition, OffsetAndMetadata]:
        await self.find_coordinator(group)
        return {DONE: OffsetAndMetadata(7, "note"), NEW: OffsetAndMetadata(-1, "")}

    async def list_topics(self) -> list[str]:
        return ["t"]

    async def describe_topics(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [{}, {}]} for name in names]

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 5)

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 9)


async def test_a_group_is_waited_for_until_a_new_cluster_can_tell_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_positions, "COORDINATOR_PAUSE", 0.0)
    cluster: Any = YoungCluster(refusals=3)
    found = await positions_of(cluster, cluster, "g", ["t", "not there"])
    assert found == [Position(DONE, 7, "note", 5, 9), Position(NEW, None, "", 5, 9)]


async def test_a_cluster_that_never_has_a_coordinator_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_positions, "COORDINATOR_PAUSE", 0.0)
    cluster: Any = YoungCluster(refusals=1000)
    with pytest.raises(GroupCoordinatorNotAvailableError):
        await positions_of(cluster, cluster, "g", ["t"])
