from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from app.publisher import KafkaPublisher, PublisherLimits
from streams.errors import Rejected, Unavailable
from streams.metrics import Metrics
from streams.ports import Outgoing
from tests.integration.freezable import FreezableBroker, freezable_broker
from tests.kafka_broker import Topics

pytestmark = pytest.mark.kafka

own_broker = pytest.fixture(scope="module")(freezable_broker)

LIMITS = PublisherLimits(timeout_seconds=1.0, max_records=50, close_seconds=1.0)


def records(topic: str, count: int, *, key: bytes = b"42", start: int = 0) -> list[Outgoing]:
    return [Outgoing(topic, key, str(number).encode(), [("n", b"1")]) for number in range(start, start + count)]


async def read_records(bootstrap: str, topic: str, partition: int = 0) -> list[ConsumerRecord]:
    """All records of one partition, up to its end at the time of the call."""
    tp = TopicPartition(topic, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        read: list[ConsumerRecord] = []
        while await consumer.position(tp) < end:
            read += (await consumer.getmany(tp, timeout_ms=1000)).get(tp, [])
        return read
    finally:
        await consumer.stop()


async def read_all(bootstrap: str, topic: str) -> list[bytes]:
    """All values of a topic with one partition."""
    return [record.value for record in await read_records(bootstrap, topic)]


async def eventually_ready(publisher: KafkaPublisher) -> bool:
    """True once a broker answers and everything on its way has arrived."""
    for _ in range(200):
        if await publisher.reason() is None and publisher._records == 0:
            return True
        await asyncio.sleep(0.05)
    return False


@pytest.fixture
async def publisher(kafka_bootstrap: str) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher(
        {"bootstrap_servers": kafka_bootstrap}, "test", Metrics(), PublisherLimits(timeout_seconds=5)
    )
    yield publisher
    await publisher.stop()


async def test_published_is_in_kafka_in_order(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    topic = await kafka_topics.create()
    await publisher.publish(records(topic, 20))
    await publisher.publish(records(topic, 5, start=20))
    assert await read_all(kafka_bootstrap, topic) == [str(number).encode() for number in range(25)]
    assert await publisher.reason() is None


async def test_nothing_to_publish_is_published_at_once(publisher: KafkaPublisher) -> None:
    await publisher.publish([])


async def test_a_topic_that_is_missing_is_named(kafka_bootstrap: str) -> None:
    publisher = KafkaPublisher({"bootstrap_servers": kafka_bootstrap}, "test", Metrics(), LIMITS)
    with pytest.raises(Unavailable, match=r"no\.such\.topic"):
        await publisher.publish(records("no.such.topic", 1))
    await publisher.stop()


async def test_a_record_larger_than_ours_is_rejected_and_the_next_is_taken(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    topic = await kafka_topics.create()
    with pytest.raises(Rejected, match="larger than"):
        await publisher.publish([Outgoing(topic, b"k", b"x" * 1_100_000, [])])
    await publisher.publish(records(topic, 1))
    assert await read_all(kafka_bootstrap, topic) == [b"0"]


async def test_after_the_broker_refused_a_batch_the_producer_is_renewed(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    """A refused batch has used up sequence numbers; with the same producer every later one would be out of order."""
    topic = await kafka_topics.create(max_message_bytes="2000")
    await publisher.publish(records(topic, 1))
    with pytest.raises(Rejected, match="too large"):
        await publisher.publish([Outgoing(topic, b"k", b"x" * 5000, [])])
    await publisher.publish(records(topic, 1, start=1))
    assert await read_all(kafka_bootstrap, topic) == [b"0", b"1"]


async def test_after_an_out_of_order_sequence_the_producer_is_renewed(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    topic = await kafka_topics.create()
    await publisher.publish(records(topic, 1))
    first = publisher._producer
    assert first is not None
    first._txn_manager.increment_sequence_number(TopicPartition(topic, 0), 7)
    with pytest.raises(Unavailable, match="OutOfOrderSequenceNumber"):
        await publisher.publish(records(topic, 1, start=1))
    await publisher.publish(records(topic, 1, start=1))
    assert publisher._producer is not first
    assert await read_all(kafka_bootstrap, topic) == [b"0", b"1"]


async def test_records_of_many_callers_keep_their_order_and_are_where_kafkas_own_partitioner_puts_them(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    topic = await kafka_topics.create(partitions=4)
    keys = [f"key-{number}".encode() for number in range(8)]
    for start in range(0, 60, 20):
        calls = [publisher.publish(records(topic, 10, key=key, start=start + at)) for key in keys for at in (0, 10)]
        await asyncio.gather(*calls)
    plain = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await plain.start()
    expected: dict[int, list[bytes]] = {}
    for key in keys:
        placed = await plain.send_and_wait(topic, b"last", key=key)
        expected.setdefault(placed.partition, []).append(key)
    await plain.stop()
    for partition, of in expected.items():
        found = [(record.key, record.value) for record in await read_records(kafka_bootstrap, topic, partition)]
        assert sorted({key for key, _ in found}) == sorted(of)
        for key in of:
            mine = [value for found_key, value in found if found_key == key]
            assert mine == [*(str(number).encode() for number in range(60)), b"last"]


async def test_what_does_not_fit_into_one_batch_goes_with_the_next_in_order(
    kafka_bootstrap: str, kafka_topics: Topics
) -> None:
    topic = await kafka_topics.create()
    limits = PublisherLimits(timeout_seconds=5, batch_bytes=20_000)
    publisher = KafkaPublisher({"bootstrap_servers": kafka_bootstrap}, "test", Metrics(), limits)
    values = [b"%05d" % number + b"x" * size for number, size in enumerate([9000, 100, 50_000, 100, 9000, 9000, 9000])]
    await publisher.publish([Outgoing(topic, b"k", value, []) for value in values])
    assert await read_all(kafka_bootstrap, topic) == values
    await publisher.stop()


async def test_a_record_that_we_find_too_large_costs_neither_its_companions_nor_the_producer(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    topic = await kafka_topics.create()
    await publisher.publish(records(topic, 1))
    first = publisher._producer
    results = await asyncio.gather(
        publisher.publish(records(topic, 1, start=1)),
        publisher.publish([Outgoing(topic, b"42", b"x" * 1_100_000, [])]),
        publisher.publish(records(topic, 1, start=2)),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), Rejected, type(None)]
    assert publisher._producer is first
    assert await read_all(kafka_bootstrap, topic) == [b"0", b"1", b"2"]


async def test_a_batch_that_the_broker_refuses_is_not_the_fault_of_each_of_its_records(
    kafka_bootstrap: str, kafka_topics: Topics, publisher: KafkaPublisher
) -> None:
    topic = await kafka_topics.create(max_message_bytes="2000")
    await publisher.publish(records(topic, 1))
    results = await asyncio.gather(
        publisher.publish(records(topic, 1, start=1)),
        publisher.publish([Outgoing(topic, b"42", b"x" * 5000, [])]),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [Unavailable, Unavailable]
    await publisher.publish(records(topic, 1, start=1))
    with pytest.raises(Rejected, match="too large"):
        await publisher.publish([Outgoing(topic, b"42", b"x" * 5000, [])])
    assert await read_all(kafka_bootstrap, topic) == [b"0", b"1"]


async def test_a_topic_that_is_missing_does_not_hold_up_another(kafka_bootstrap: str, kafka_topics: Topics) -> None:
    topic = await kafka_topics.create()
    publisher = KafkaPublisher({"bootstrap_servers": kafka_bootstrap}, "test", Metrics(), LIMITS)
    await publisher.publish(records(topic, 1))
    missing = asyncio.create_task(publisher.publish(records("no.such.topic", 1)))
    await asyncio.sleep(0.1)
    await publisher.publish(records(topic, 1, start=1))
    assert not missing.done()
    with pytest.raises(Unavailable):
        await missing
    await publisher.stop()


async def create_topic(broker: FreezableBroker) -> str:
    return await Topics(broker.bootstrap_servers).create()


async def test_a_frozen_broker_costs_the_timeout_then_the_buffer_is_full_and_then_all_is_well(
    own_broker: FreezableBroker,
) -> None:
    topic = await create_topic(own_broker)
    publisher = KafkaPublisher({"bootstrap_servers": own_broker.bootstrap_servers}, "test", Metrics(), LIMITS)
    await publisher.publish(records(topic, 1))
    with own_broker.frozen():
        began = time.monotonic()
        with pytest.raises(Unavailable, match="within 1 s"):
            await publisher.publish(records(topic, 30, start=1))
        assert 0.9 < time.monotonic() - began < 2.0
        began = time.monotonic()
        with pytest.raises(Unavailable, match="buffer is full"):
            await publisher.publish(records(topic, 30, start=31))
        assert time.monotonic() - began < 0.1
        assert await publisher.reason() is not None
    assert await eventually_ready(publisher)
    await publisher.publish(records(topic, 30, start=31))
    found = await read_all(own_broker.bootstrap_servers, topic)
    assert sorted(set(map(int, found))) == list(range(61))
    await publisher.stop()


async def test_stopping_with_a_frozen_broker_ends_in_time(own_broker: FreezableBroker) -> None:
    topic = await create_topic(own_broker)
    publisher = KafkaPublisher({"bootstrap_servers": own_broker.bootstrap_servers}, "test", Metrics(), LIMITS)
    await publisher.publish(records(topic, 1))
    with own_broker.frozen():
        with pytest.raises(Unavailable):
            await publisher.publish(records(topic, 3, start=1))
        began = time.monotonic()
        await publisher.stop()
        assert time.monotonic() - began < 5
    assert publisher._records == 0


async def test_what_was_given_up_before_kafka_was_given_it_is_not_sent_later(own_broker: FreezableBroker) -> None:
    topic = await create_topic(own_broker)
    publisher = KafkaPublisher({"bootstrap_servers": own_broker.bootstrap_servers}, "test", Metrics(), LIMITS)
    await publisher.publish(records(topic, 1))
    with own_broker.frozen():
        handed_over = asyncio.create_task(publisher.publish(records(topic, 1, start=1)))
        await asyncio.sleep(0.1)
        behind_it = asyncio.create_task(publisher.publish(records(topic, 1, start=2)))
        results = await asyncio.gather(handed_over, behind_it, return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable, Unavailable]
        assert publisher._records == 2
    assert await eventually_ready(publisher)
    await publisher.publish(records(topic, 1, start=3))
    assert set(await read_all(own_broker.bootstrap_servers, topic)) == {b"0", b"1", b"3"}
    await publisher.stop()
