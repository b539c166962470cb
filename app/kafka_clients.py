"""Kafka's clients as commands and publishers use them: by our own names, whatever prefix they have in Kafka."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code
from aiokafka.structs import OffsetAndMetadata, OffsetAndTimestamp

from app.publisher import KafkaPublisher, PublisherLimits
from app.settings import KafkaSettings
from streams.metrics import Metrics
from streams.names import KafkaNames
from streams.ports import NOWHERE, Failpoints
from streams.topics import Topic

CLIENT = "tillstream-admin"
REQUEST_MS = 15_000


def publisher_of(
    kafka: KafkaSettings,
    client_id: str,
    metrics: Metrics,
    limits: PublisherLimits | None = None,
    *,
    failpoints: Failpoints = NOWHERE,
) -> KafkaPublisher:
    """A publisher to this installation's topics; see `app.publisher.KafkaPublisher`."""
    name = kafka.names.in_kafka(client_id)
    return KafkaPublisher(kafka.client_options(), name, metrics, limits, failpoints=failpoints, names=kafka.names)


def _options(kafka: KafkaSettings) -> dict[str, Any]:
    client_id = kafka.names.in_kafka(CLIENT)
    return {**kafka.client_options(), "client_id": client_id, "request_timeout_ms": REQUEST_MS}


class KafkaAdmin:
    """Looks after topics and groups. Methods raise what aiokafka raises."""

    def __init__(self, kafka: KafkaSettings) -> None:
        """Nothing is connected yet."""
        self._names = kafka.names
        self._client = AIOKafkaAdminClient(**_options(kafka))

    async def start(self) -> None:
        """Connect."""
        await self._client.start()

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.close()

    async def list_topics(self) -> set[str]:
        """The topics that exist, as far as they can be of this installation."""
        return {self._names.logical(name) for name in await self._client.list_topics() if self._names.is_ours(name)}

    async def describe_topics(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Kafka's metadata of topics that exist: asking for another can create it."""
        described = await self._client.describe_topics([self._names.in_kafka(name) for name in names])
        return [{**topic, "topic": self._names.logical(topic["topic"])} for topic in described]

    async def describe_configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        """The settings that count for each topic."""
        resources = [ConfigResource(ConfigResourceType.TOPIC, self._names.in_kafka(name)) for name in names]
        if not resources:
            return {}
        found: dict[str, dict[str, str]] = {}
        for response in await self._client.describe_configs(resources):
            for _code, _message, _type, name, entries in response.resources:
                found[self._names.logical(name)] = {entry[0]: entry[1] for entry in entries}
        return found

    async def brokers(self) -> list[int]:
        """The ids of the brokers that are there."""
        return [int(broker["node_id"]) for broker in (await self._client.describe_cluster())["brokers"]]

    async def broker_config(self, broker: int, names: Iterable[str]) -> dict[str, str]:
        """Those settings of a broker that it tells."""
        resource = ConfigResource(ConfigResourceType.BROKER, str(broker), dict.fromkeys(names))
        found: dict[str, str] = {}
        for response in await self._client.describe_configs([resource]):
            for code, _message, _type, _name, entries in response.resources:
                if code:
                    raise for_code(code)
                found |= {str(entry[0]): str(entry[1]) for entry in entries if entry[1] is not None}
        return found

    async def create_topics(
        self, topics: Iterable[Topic], *, copies: int, min_insync_replicas: int
    ) -> list[tuple[str, int, str]]:
        """Create these; each one's name, Kafka's error code (0 if it was made) and message."""
        response = await self._client.create_topics(
            [
                NewTopic(
                    self._names.in_kafka(topic.name),
                    topic.partitions,
                    copies,
                    topic_configs=topic.kafka_config(min_insync_replicas=min_insync_replicas),
                )
                for topic in topics
            ]
        )
        answers = [(name, code, str(message[0] if message else "")) for name, code, *message in response.topic_errors]
        return [(self._names.logical(name), code, message) for name, code, message in answers]

    async def find_coordinator(self, group: str) -> int:
        """The broker that looks after a group."""
        coordinator: int = await self._client.find_coordinator(self._names.in_kafka(group))
        return coordinator

    async def list_consumer_group_offsets(self, group: str) -> dict[TopicPartition, OffsetAndMetadata]:
        """What a group has committed."""
        committed = await self._client.list_consumer_group_offsets(self._names.in_kafka(group))
        return _logical(self._names, committed)

    async def members(self, group: str) -> int:
        """How many workers a group has."""
        responses = await self._client.describe_consumer_groups([self._names.in_kafka(group)])
        return sum(len(found[5]) for response in responses for found in response.groups)


class KafkaConsumer:
    """Reads what is there, as no member of a group, and may commit for one in which nobody works. Methods raise what
    aiokafka raises."""

    def __init__(self, kafka: KafkaSettings, *, group: str | None = None) -> None:
        """Nothing is connected yet."""
        self._names = kafka.names
        self._client = AIOKafkaConsumer(
            **_options(kafka),
            group_id=None if group is None else kafka.names.in_kafka(group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )

    async def start(self) -> None:
        """Connect."""
        await self._client.start()

    async def stop(self) -> None:
        """Let the connections go."""
        await self._client.stop()

    async def beginning_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The first record that each log has."""
        return _logical(self._names, await self._client.beginning_offsets(self._in_kafka(places)))

    async def end_offsets(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The next offset of each log."""
        return _logical(self._names, await self._client.end_offsets(self._in_kafka(places)))

    async def offsets_for_times(
        self, moments: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """The first record of each log that is not older than a moment in milliseconds."""
        found = await self._client.offsets_for_times({self._place(place): at for place, at in moments.items()})
        return _logical(self._names, found)

    def assign(self, places: Iterable[TopicPartition]) -> None:
        """Read these."""
        self._client.assign(self._in_kafka(places))

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Read on from there."""
        self._client.seek(self._place(place), offset)

    def pause(self, place: TopicPartition) -> None:
        """Read no more of it."""
        self._client.pause(self._place(place))

    async def position(self, place: TopicPartition) -> int:
        """The next offset that is read."""
        position: int = await self._client.position(self._place(place))
        return position

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, Sequence[Any]]:
        """The next records; each has Kafka's own name of its topic."""
        wanted = self._in_kafka(places)
        return _logical(
            self._names, await self._client.getmany(*wanted, timeout_ms=timeout_ms, max_records=max_records)
        )

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit for the group."""
        await self._client.commit({self._place(place): offset for place, offset in offsets.items()})

    def _in_kafka(self, places: Iterable[TopicPartition]) -> list[TopicPartition]:
        return [self._place(place) for place in places]

    def _place(self, place: TopicPartition) -> TopicPartition:
        return TopicPartition(self._names.in_kafka(place.topic), place.partition)


def _logical(names: KafkaNames, by_place: Mapping[TopicPartition, Any]) -> dict[TopicPartition, Any]:
    return {TopicPartition(names.logical(place.topic), place.partition): found for place, found in by_place.items()}
