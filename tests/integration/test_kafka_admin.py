"""Topic administration on a real broker."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer

from app.kafka_admin import (
    TopicState,
    compare_topics,
    create_topics,
    differences_of,
    retention_times,
    topic_sizes,
)
from app.settings import KafkaSettings
from streams.errors import Rejected, Unavailable
from streams.topics import TOPICS, Topic
from tests.kafka_broker import Topics


@pytest.fixture
def kafka(kafka_bootstrap: str) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=kafka_bootstrap, replication_factor=1, min_insync_replicas=1)


@pytest.fixture
def declared(kafka_topics: Topics) -> tuple[Topic, ...]:
    return (
        Topic(f"{kafka_topics.prefix}.sale", 3, retention_days=7),
        Topic(f"{kafka_topics.prefix}.table", 2, compacted=True),
    )


async def test_missing_topics_are_created_as_declared_and_a_second_run_finds_them(
    kafka: KafkaSettings, declared: tuple[Topic, ...]
) -> None:
    assert [report.state for report in await compare_topics(kafka, declared)] == [TopicState.MISSING] * 2
    assert [report.state for report in await create_topics(kafka, declared)] == [TopicState.CREATED] * 2
    assert [report.state for report in await create_topics(kafka, declared)] == [TopicState.EXISTS] * 2


async def test_a_topic_with_other_settings_is_told_with_the_command_that_mends_it(
    kafka: KafkaSettings, declared: tuple[Topic, ...]
) -> None:
    await create_topics(kafka, declared)
    wanted = (replace(declared[0], partitions=12, retention_days=30), declared[1])
    first, second = await create_topics(kafka, wanted)
    assert second.state is TopicState.EXISTS
    assert first.state is TopicState.DIFFERS
    partitions, retention = first.differences
    assert (partitions.what, partitions.declared, partitions.found) == ("partitions", "12", "3")
    assert f"--topic {declared[0].name} --partitions 12" in partitions.mend
    assert (retention.what, retention.found) == ("retention.ms", str(7 * 24 * 3600 * 1000))
    assert "--add-config retention.ms=2592000000" in retention.mend


async def test_only_a_topic_that_deletes_by_age_has_a_retention(
    kafka: KafkaSettings, declared: tuple[Topic, ...], kafka_topics: Topics
) -> None:
    await create_topics(kafka, declared)
    for_ever = await kafka_topics.create(retention_ms="-1")
    names = [*(topic.name for topic in declared), for_ever, f"{kafka_topics.prefix}.none"]
    assert await retention_times(kafka, names) == {declared[0].name: 7 * 86_400, declared[1].name: None, for_ever: None}


async def test_more_copies_than_brokers_are_refused_with_what_to_change(
    kafka: KafkaSettings, declared: tuple[Topic, ...]
) -> None:
    three = kafka.model_copy(update={"replication_factor": 3, "min_insync_replicas": 2})
    with pytest.raises(Rejected, match=r"set kafka\.replication_factor \(now 3\)"):
        await create_topics(three, declared)


async def test_sizes_count_what_can_be_read(kafka: KafkaSettings, declared: tuple[Topic, ...]) -> None:
    await create_topics(kafka, declared)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all")
    await producer.start()
    for partition in (0, 2, 2):
        await producer.send_and_wait(declared[0].name, b"x", partition=partition)
    await producer.stop()
    sale, table = await topic_sizes(kafka, declared)
    assert (sale.partitions, sale.records, sale.last) == (3, 3, (1, 0, 2))
    assert (table.records, table.first) == (0, (0, 0))


async def test_a_kafka_that_is_not_there_is_told_with_the_settings_name() -> None:
    with pytest.raises(Unavailable, match="TILLSTREAM_KAFKA__BOOTSTRAP_SERVERS"):
        await create_topics(KafkaSettings(bootstrap_servers="127.0.0.1:1"))


def test_fewer_copies_than_wanted_are_a_difference_and_more_partitions_are_not() -> None:
    kafka = KafkaSettings()
    topic = TOPICS[0]
    configs = topic.kafka_config(min_insync_replicas=2)
    found = list(differences_of(kafka, topic, topic.partitions + 1, 1, configs))
    assert [difference.what for difference in found] == ["replication factor"]


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        ({}, []),
        ({"retention.ms": str(30 * 86_400_000)}, []),
        ({"retention.ms": "-1"}, []),
        ({"retention.ms": str(7 * 86_400_000)}, ["retention.ms"]),
        ({"min.insync.replicas": "3"}, []),
        ({"min.insync.replicas": "4"}, ["min.insync.replicas"]),  # more than there are copies: nothing could be written
        ({"min.insync.replicas": "1"}, ["min.insync.replicas"]),
        ({"cleanup.policy": "compact"}, ["cleanup.policy"]),
    ],
)
def test_what_a_managed_kafka_keeps_longer_or_safer_is_no_difference(found: dict[str, str], differs: list[str]) -> None:
    topic = TOPICS[0]
    configs = topic.kafka_config(min_insync_replicas=2) | found
    told = [one.what for one in differences_of(KafkaSettings(), topic, topic.partitions, 3, configs)]
    assert told == differs


def test_the_command_that_mends_a_topic_has_its_name_in_kafka() -> None:
    kafka = KafkaSettings(topic_prefix="shop-a.")
    told = [one.mend for one in differences_of(kafka, TOPICS[0], 1, 1, {})]
    assert told
    assert all(f"shop-a.{TOPICS[0].name}" in mend for mend in told)
