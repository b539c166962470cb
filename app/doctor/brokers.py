"""Kafka's brokers: enough of them, how long they remember a group's offsets, and whether we may join each group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    KafkaError,
)

from app.doctor.finding import Finding, note, ok, wrong
from app.kafka_clients import KafkaAdmin
from app.settings import KafkaSettings
from streams.names import KafkaNames
from streams.topics import DAY_MS, TOPICS

OFFSETS_KEPT = "offsets.retention.minutes"
MADE_BY_ITSELF = "auto.create.topics.enable"
LONGEST_MINUTES = max(topic.retention_days for topic in TOPICS if not topic.name.startswith("dead-letter")) * (
    DAY_MS // 60_000
)
"""How long a record that a group may still have to do stays readable."""


async def brokers(kafka: KafkaSettings, groups: tuple[str, ...]) -> list[Finding]:
    """What the brokers say. Silent if Kafka does not answer: its topics' check tells that."""
    admin = KafkaAdmin(kafka)
    try:
        await admin.start()
        return [*await _cluster(admin, kafka), *[finding async for finding in _groups(admin, kafka.names, groups)]]
    except (KafkaError, OSError):
        return []
    finally:
        await admin.close()


async def _cluster(admin: KafkaAdmin, kafka: KafkaSettings) -> list[Finding]:
    try:
        known = await admin.brokers()
        config = await admin.broker_config(known[0], (OFFSETS_KEPT, MADE_BY_ITSELF)) if known else {}
    except ClusterAuthorizationFailedError as error:
        return [
            note("kafka", f"its brokers cannot be looked at: {error}", "grant Describe and DescribeConfigs on CLUSTER")
        ]
    return list(broker_findings(kafka, len(known), config))


def broker_findings(kafka: KafkaSettings, count: int, config: Mapping[str, str]) -> Iterator[Finding]:
    """Of the number of brokers, and of one's settings; a setting that it does not tell is not judged."""
    if count < kafka.replication_factor:
        yield wrong(
            "kafka",
            f"{count} brokers, fewer than kafka.replication_factor={kafka.replication_factor}",
            f"start the others, or kafka.replication_factor = {count} if losing a disk may lose events",
            "a new topic is refused, and a partition that lost a copy gets no other",
        )
    elif kafka.replication_factor == 1:
        yield note(
            "kafka",
            "one copy of each record: losing a broker's disk loses accepted events",
            "with real money three brokers, kafka.replication_factor = 3 and kafka.min_insync_replicas = 2",
        )
    elif kafka.min_insync_replicas == kafka.replication_factor:
        yield note(
            "kafka",
            "every copy must be there for a write: one broker that restarts stops the door",
            f"kafka.min_insync_replicas = {kafka.replication_factor - 1}",
        )
    kept = config.get(OFFSETS_KEPT)
    if kept is not None and int(kept) < LONGEST_MINUTES:
        yield note(
            "kafka",
            f"{OFFSETS_KEPT} is {int(kept) // 1440} days, records are kept for {LONGEST_MINUTES // 1440}",
            f"{OFFSETS_KEPT}={LONGEST_MINUTES} in each broker's server.properties, then restart them one by one (a "
            "managed Kafka has it among its cluster's settings)",
            "a group without a worker for longer than that is forgotten, while records that it has not done are there: "
            "its workers do not start before `tillstream offsets start`",
        )
    if config.get(MADE_BY_ITSELF) == "true":
        yield note(
            "kafka",
            f"{MADE_BY_ITSELF} is true: whoever asks for a topic that is missing makes it, with another number of "
            "partitions",
            f"{MADE_BY_ITSELF}=false in each broker's server.properties",
        )
    yield ok("kafka", f"{count} brokers, {kafka.replication_factor} copies, {kafka.min_insync_replicas} for a write")


async def _groups(admin: KafkaAdmin, names: KafkaNames, groups: tuple[str, ...]) -> AsyncIterator[Finding]:
    for group in groups:
        try:
            await admin.find_coordinator(group)
            await admin.list_consumer_group_offsets(group)
        except GroupAuthorizationFailedError:
            yield wrong(
                "kafka",
                f"we may not join the group {names.in_kafka(group)}",
                "kafka-acls.sh --add --allow-principal User:NAME --operation Read --operation Describe --group "
                f"{names.in_kafka(group)}",
                "its workers cannot start",
            )
        except GroupCoordinatorNotAvailableError:
            return  # nobody has asked for a group before
