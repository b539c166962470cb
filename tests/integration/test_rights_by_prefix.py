"""Two shops on a Kafka with users and rights: each has what the README gives it, and it is enough, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from app.kafka_admin import TopicState, compare_topics, create_topics, topic_sizes
from app.kafka_clients import publisher_of
from app.offsets.kafka import read_places, require_no_members
from app.settings import KafkaSettings
from streams.errors import TillstreamError, Unavailable
from streams.metrics import Metrics
from streams.ports import Outgoing, Record
from streams.runtime.app import Ack, StageApp
from streams.runtime.settings import KafkaSettings as RuntimeSettings
from streams.topics import Topic
from tests.integration.runtime_world import never_ends
from tests.kafka_secured import Operation, Resource, SecuredBroker, secured_broker
from tests.waiting import eventually

GROUP, TABLE = "tillstream.test", "seen"
SALES, CHANGELOG = Topic("sales", 2), Topic(f"{GROUP}-{TABLE}-changelog", 2, compacted=True)
TOPICS = (SALES, CHANGELOG)
MINE, THEIRS = "shop-a.", "shop-b."
ON_TOPICS = (Operation.READ, Operation.WRITE, Operation.CREATE, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS)
ON_GROUPS = (Operation.READ, Operation.DESCRIBE)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    yield from secured_broker(tmp_path_factory.mktemp("secured"), ["a", "b"])


@pytest.fixture
async def broker(own_broker: SecuredBroker) -> SecuredBroker:
    """With the rights of both shops, and the other one's topics."""
    for user, prefix in (("a", MINE), ("b", THEIRS)):
        await own_broker.allow(user, Resource.TOPIC, prefix, ON_TOPICS)
        await own_broker.allow(user, Resource.GROUP, prefix, ON_GROUPS)
    await create_topics(own_broker.settings("b", THEIRS), TOPICS)
    return own_broker


def stage(kafka: KafkaSettings, seen: list[bytes]) -> StageApp:
    """A worker with a table, as inventory is."""
    options = RuntimeSettings(kafka.client_options(), names=kafka.names, session_seconds=6.0, commit_seconds=0.1)
    app = StageApp(group=GROUP, kafka=options, end_process=never_ends)
    table = app.table(TABLE, partitions=SALES.partitions)

    async def receive(record: Record, ack: Ack) -> None:
        assert record.topic == SALES.name
        table.put(record.key.decode(), record.value, record, instead_of=table.get(record.key.decode()))
        await ack()
        seen.append(record.value)

    app.consume([SALES.name], receive)
    return app


async def publish(kafka: KafkaSettings, value: bytes) -> None:
    publisher = publisher_of(kafka, "test", Metrics())
    try:
        await publisher.publish([Outgoing(SALES.name, b"k", value, [])])
    finally:
        await publisher.stop()


async def test_the_rights_of_a_prefix_are_enough_for_all_that_an_installation_does(broker: SecuredBroker) -> None:
    kafka = broker.settings("a", MINE)
    assert {report.state for report in await create_topics(kafka, TOPICS)} == {TopicState.CREATED}
    assert {report.state for report in await compare_topics(kafka, TOPICS)} == {TopicState.EXISTS}
    await publish(kafka, b"1")
    seen: list[bytes] = []
    app, stop = stage(kafka, seen), asyncio.Event()
    run = asyncio.create_task(app.run(stop))
    await eventually(lambda: seen == [b"1"])
    stop.set()
    await run
    assert [size.records for size in await topic_sizes(kafka, TOPICS)] == [1, 1]
    assert sum(place.committed or 0 for place in await read_places(kafka, GROUP, [SALES.name])) == 1
    await require_no_members(kafka, GROUP)


async def test_a_shop_can_neither_see_nor_write_what_is_anothers(broker: SecuredBroker) -> None:
    stranger = broker.settings("a", THEIRS)
    assert {report.state for report in await compare_topics(stranger, TOPICS)} == {TopicState.MISSING}
    with pytest.raises(TillstreamError, match=r"user 'a' .* rights .* 'shop-b\.'"):
        await create_topics(stranger, [Topic("another", 1)])
    with pytest.raises(Unavailable, match=r"rights"):
        await publish(stranger, b"2")
    with pytest.raises(TillstreamError, match=r"rights"):
        await read_places(stranger, GROUP, [SALES.name])
    (size,) = await topic_sizes(broker.settings("b", THEIRS), [SALES])
    assert size.records == 0


async def test_a_worker_without_rights_ends_with_what_is_refused(broker: SecuredBroker) -> None:
    seen: list[bytes] = []
    with pytest.raises(Exception, match=r"(?i)authorization|rights"):
        await asyncio.wait_for(stage(broker.settings("a", THEIRS), seen).run(asyncio.Event()), 60)
    assert seen == []
