"""Topics as they are declared and as they are: create what is missing, tell what differs, list what they hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from app.kafka_clients import KafkaAdmin, KafkaConsumer
from app.settings import KafkaSettings
from streams.errors import Rejected, Unavailable
from streams.topics import TOPICS, Topic

NO_RIGHTS = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)
"""How Kafka says that our user may not do that."""
LEADER_SECONDS = 15.0
"""How long a new topic may take until each of its partitions has a leader."""


class TopicState(StrEnum):
    """How a topic stands to its declaration."""

    CREATED = "created"
    EXISTS = "exists"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a topic is not as declared, and the command of Kafka's own tools that mends it."""

    what: str
    declared: str
    found: str
    mend: str


@dataclass(frozen=True, slots=True)
class TopicReport:
    """One declared topic."""

    name: str
    state: TopicState
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicSize:
    """What a topic holds.

    Attributes:
        records: readable records, over all partitions.
        first, last: lowest readable and next offset per partition.
    """

    name: str
    partitions: int
    records: int
    first: tuple[int, ...]
    last: tuple[int, ...]


async def create_topics(kafka: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[TopicReport]:
    """Create the topics that are missing and wait until they can be written; existing ones are left as they are.

    Raises:
        Unavailable: Kafka does not answer.
        Rejected: Kafka refuses a topic; the message says what to change.
    """
    async with connected_admin(kafka) as admin:
        before = {report.name: report for report in await _compare(admin, kafka, topics)}
        missing = [topic for topic in topics if before[topic.name].state is TopicState.MISSING]
        if missing:
            await _create(admin, kafka, missing)
    made = {topic.name: TopicReport(topic.name, TopicState.CREATED) for topic in missing}
    return [made.get(topic.name, before[topic.name]) for topic in topics]


async def compare_topics(kafka: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[TopicReport]:
    """How the declared topics stand; changes nothing. Raises Unavailable."""
    async with connected_admin(kafka) as admin:
        return await _compare(admin, kafka, topics)


async def topic_sizes(kafka: KafkaSettings, topics: Sequence[Topic] = TOPICS) -> list[TopicSize]:
    """What the declared topics that exist hold. Raises Unavailable."""
    async with looking(kafka) as (admin, consumer):
        first, last = await bounds_of(admin, consumer, [topic.name for topic in topics])
    found = {place.topic for place in first}
    names = [topic.name for topic in topics if topic.name in found]
    return [_size(name, *(_of_topic(name, offsets) for offsets in (first, last))) for name in names]


@asynccontextmanager
async def looking(kafka: KafkaSettings) -> AsyncIterator[tuple[KafkaAdmin, KafkaConsumer]]:
    """Clients that look at what is there, as no member of any group. What Kafka refuses becomes Unavailable."""
    async with connected_admin(kafka) as admin:
        consumer = KafkaConsumer(kafka)
        try:
            await consumer.start()
            yield admin, consumer
        finally:
            await consumer.stop()


async def bounds_of(
    admin: KafkaAdmin, consumer: KafkaConsumer, names: Iterable[str]
) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
    """First readable and next offset of every partition of those topics that exist."""
    described = await described_topics(admin, names)
    places = [
        TopicPartition(name, number) for name, topic in described.items() for number in range(len(topic["partitions"]))
    ]
    return await consumer.beginning_offsets(places), await consumer.end_offsets(places)


async def offsets_since(
    consumer: KafkaConsumer, ends: Mapping[TopicPartition, int], at: datetime
) -> dict[TopicPartition, int]:
    """The first record of every partition that came at that time or later; its end where there is none since."""
    found = await consumer.offsets_for_times(dict.fromkeys(ends, int(at.timestamp() * 1000))) if ends else {}
    return {place: end if (first := found.get(place)) is None else first.offset for place, end in ends.items()}


async def retention_times(kafka: KafkaSettings, names: Iterable[str]) -> dict[str, float | None]:
    """For how many seconds Kafka keeps the records of those topics that exist; None for ever. Raises Unavailable."""
    async with connected_admin(kafka) as admin:
        configs = await admin.describe_configs(await described_topics(admin, names))
    return {name: _retention_seconds(config) for name, config in configs.items()}


def _retention_seconds(config: Mapping[str, str]) -> float | None:
    milliseconds = int(config["retention.ms"])
    expires = milliseconds >= 0 and "delete" in config["cleanup.policy"].split(",")
    return milliseconds / 1000 if expires else None


def _of_topic(name: str, offsets: Mapping[TopicPartition, int]) -> tuple[int, ...]:
    """The offsets of one topic's partitions, by their number."""
    return tuple(offset for place, offset in sorted(offsets.items()) if place.topic == name)


def _size(name: str, first: tuple[int, ...], last: tuple[int, ...]) -> TopicSize:
    return TopicSize(name, len(first), sum(last) - sum(first), first, last)


@asynccontextmanager
async def connected_admin(kafka: KafkaSettings) -> AsyncIterator[KafkaAdmin]:
    """An admin client; what goes wrong with it is raised as Unavailable."""
    admin = KafkaAdmin(kafka)
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError) as error:
        raise unusable(kafka, error) from error
    finally:
        await admin.close()


def unusable(kafka: KafkaSettings, error: Exception) -> Unavailable:
    """What to tell if Kafka does not answer, or lets us do nothing."""
    if isinstance(error, NO_RIGHTS):
        return Unavailable(f"Kafka at {kafka.bootstrap_servers} refuses us: {_rights(kafka)}", code="kafka_refuses")
    return Unavailable(
        f"Kafka at {kafka.bootstrap_servers} cannot be used: {error}. Check that it runs and that "
        "kafka.bootstrap_servers (TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS) and kafka.security_protocol are right",
        code="kafka_unreachable",
    )


def _rights(kafka: KafkaSettings) -> str:
    """Which rights are missing, for whoever gives them."""
    whose = f"that begin with '{kafka.topic_prefix}'" if kafka.topic_prefix else "of the names in `topics list`"
    return (
        f"user '{kafka.sasl_username}' needs rights on topics (read, write, create, describe, describe-configs) and "
        f"groups (read, describe) {whose}"
    )


async def described_topics(admin: KafkaAdmin, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Metadata of those topics that exist. Only existing ones are asked for: asking can create a topic."""
    known = await admin.list_topics()
    existing = [name for name in names if name in known]
    if not existing:
        return {}
    return {topic["topic"]: topic for topic in await admin.describe_topics(existing)}


async def _compare(admin: KafkaAdmin, kafka: KafkaSettings, topics: Sequence[Topic]) -> list[TopicReport]:
    described = await described_topics(admin, [topic.name for topic in topics])
    configs = await admin.describe_configs(described)
    return [_report(kafka, topic, described.get(topic.name), configs.get(topic.name, {})) for topic in topics]


def _report(
    kafka: KafkaSettings, topic: Topic, found: Mapping[str, Any] | None, configs: Mapping[str, str]
) -> TopicReport:
    if found is None:
        return TopicReport(topic.name, TopicState.MISSING)
    copies = min((len(partition["replicas"]) for partition in found["partitions"]), default=0)
    differences = tuple(differences_of(kafka, topic, len(found["partitions"]), copies, configs))
    return TopicReport(topic.name, TopicState.DIFFERS if differences else TopicState.EXISTS, differences)


def differences_of(
    kafka: KafkaSettings, topic: Topic, partitions: int, copies: int, configs: Mapping[str, str]
) -> Iterator[Difference]:
    """In what a topic is not as declared. What is safer than declared is no difference: a managed Kafka may insist."""
    server, name = f"--bootstrap-server {kafka.bootstrap_servers}", kafka.names.in_kafka(topic.name)
    if partitions < topic.partitions:
        yield Difference(
            "partitions",
            str(topic.partitions),
            str(partitions),
            f"kafka-topics.sh {server} --alter --topic {name} --partitions {topic.partitions}   "
            "(first let all workers finish what the topic holds: keys move to other partitions)",
        )
    if copies < kafka.replication_factor:
        yield Difference(
            "replication factor",
            str(kafka.replication_factor),
            str(copies),
            f"kafka-reassign-partitions.sh {server} --execute --reassignment-json-file FILE   (with "
            f"{kafka.replication_factor} replicas per partition of {name}), or kafka.replication_factor={copies}",
        )
    for key, declared in topic.kafka_config(min_insync_replicas=kafka.min_insync_replicas).items():
        found = configs.get(key, "(unknown)")
        if found != declared and not _is_safer(key, declared, found, copies):
            yield Difference(
                key,
                declared,
                found,
                f"kafka-configs.sh {server} --alter --entity-type topics --entity-name {name} "
                f"--add-config {key}={declared}",
            )


def _is_safer(key: str, declared: str, found: str, copies: int) -> bool:
    """Whether a setting keeps records longer, or on more brokers, than declared, and still lets them be written."""
    if not found.lstrip("-").isdigit():
        return False
    if key == "retention.ms":
        return int(found) < 0 or int(found) > int(declared)
    return key == "min.insync.replicas" and int(declared) < int(found) <= copies


async def _create(admin: KafkaAdmin, kafka: KafkaSettings, topics: Sequence[Topic]) -> None:
    answers = await admin.create_topics(
        topics, copies=kafka.replication_factor, min_insync_replicas=kafka.min_insync_replicas
    )
    for name, code, message in answers:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another process may create them at the same moment
            raise _refused(kafka, kafka.names.in_kafka(name), error, message)
    await _await_leaders(admin, topics)


def _refused(kafka: KafkaSettings, name: str, error: type[KafkaError], message: str) -> Rejected:
    advice = _rights(kafka) if issubclass(error, NO_RIGHTS) else "see the broker's log"
    if error is InvalidReplicationFactorError:
        advice = (
            f"there are fewer brokers than copies: set kafka.replication_factor (now {kafka.replication_factor}) and "
            "kafka.min_insync_replicas to what the cluster has"
        )
    return Rejected(f"Kafka refuses the topic {name}: {message or error.__name__}; {advice}", code="topic_refused")


async def _await_leaders(admin: KafkaAdmin, topics: Sequence[Topic]) -> None:
    """A topic that was just created cannot be written until each partition has a leader."""
    names = [topic.name for topic in topics]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LEADER_SECONDS
    while True:
        described = await described_topics(admin, names)
        leaders = [partition["leader"] for topic in described.values() for partition in topic["partitions"]]
        if len(described) == len(names) and leaders and min(leaders) >= 0:
            return
        if loop.time() > deadline:
            raise Unavailable(f"new topics have no leader after {LEADER_SECONDS:g} s; see the brokers' logs")
        await asyncio.sleep(0.05)
