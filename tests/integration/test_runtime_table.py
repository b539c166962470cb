"""The table on a real Kafka: rebuilt from its changelog, handed over with its partitions, durable before the commit."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import TopicPartition
from faust.tables.recovery import Recovery

from streams import groups
from streams.errors import Unavailable
from streams.ports import Record
from streams.runtime.app import Ack, StageApp
from streams.runtime.table import PartitionMoved, StageTable
from streams.topics import WEB_UNITS, WEB_UNITS_CHANGELOG
from tests.integration.runtime_world import committed, never_ends, produce, settings, values
from tests.kafka_broker import Topics
from tests.waiting import PATIENCE, eventually

TABLE = "sums"


class Summing:
    """A worker that keeps the last value and the number of records of each key in a table."""

    def __init__(self, topics: Topics, topic: str, *, partitions: int = 2, name: str | None = None) -> None:
        kafka = settings(topics.bootstrap_servers, instance_id=name, session_seconds=20.0 if name else 6.0)
        self.app = StageApp(group=topics.prefix, kafka=kafka, end_process=never_ends)
        self.table: StageTable = self.app.table(TABLE, partitions=partitions)
        self.app.consume([topic], self.receive)
        self.seen: list[tuple[int, int]] = []
        self._stop = asyncio.Event()
        self._run = asyncio.create_task(self.app.run(self._stop))

    async def receive(self, record: Record, ack: Ack) -> None:
        self.seen.append((record.partition, record.offset))
        key = record.value.decode()
        before = self.table.get(key)
        self.table.put(key, b"%d" % (int(before or b"0") + 1), record, instead_of=before)
        await ack()

    @property
    def ready(self) -> bool:
        return self.app.reason() is None

    async def stop(self) -> None:
        self._stop.set()
        await self._run


async def changelog_of(topics: Topics, partitions: int, *, policy: str = "compact") -> str:
    """The changelog, with the very name that Faust expects."""
    name = f"{topics.prefix}-{TABLE}-changelog"
    admin = AIOKafkaAdminClient(bootstrap_servers=topics.bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1, topic_configs={"cleanup.policy": policy})])
    await admin.close()
    return name


async def test_the_changelog_has_the_name_that_is_declared(kafka_bootstrap: str) -> None:
    app = StageApp(group=groups.INVENTORY, kafka=settings(kafka_bootstrap))
    assert app.table(WEB_UNITS, partitions=2).changelog == WEB_UNITS_CHANGELOG


async def test_a_new_worker_finds_what_the_one_before_it_wrote(kafka_topics: Topics) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    await changelog_of(kafka_topics, 2)
    await produce(kafka, topic, [b"a", b"b", b"a"], partition=0)
    await produce(kafka, topic, [b"c"], partition=1)
    first = Summing(kafka_topics, topic)
    await eventually(lambda: len(first.seen) == 4)
    await first.stop()
    second = Summing(kafka_topics, topic)
    await eventually(lambda: second.ready)
    assert {key: second.table.get(key) for key in "abcd"} == {"a": b"2", "b": b"1", "c": b"1", "d": None}
    assert len(second.table) == 3
    await produce(kafka, topic, [b"a"], partition=0)
    await eventually(lambda: second.table.get("a") == b"3")
    assert second.seen == [(0, 3)]
    await second.stop()


async def test_a_recovery_tells_how_long_it_has_been_running_and_then_nothing(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=1)
    changelog = await changelog_of(kafka_topics, 1)
    await produce(kafka, changelog, [b"1"], partition=0)
    ended, told = Recovery._set_recovery_ended, []

    def tell(recovery: Recovery) -> None:
        told.append(worker.app.recovering_seconds())
        ended(recovery)

    monkeypatch.setattr(Recovery, "_set_recovery_ended", tell)
    worker = Summing(kafka_topics, topic, partitions=1)
    await eventually(lambda: worker.ready)
    assert 0 < told[0] < PATIENCE
    assert worker.app.recovering_seconds() == 0
    await worker.stop()


async def test_a_new_group_with_a_table_gets_every_record_once(kafka_topics: Topics) -> None:
    """Recovery resumes the partitions, then sets their positions, then empties the queues: nothing may pass before."""
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    await changelog_of(kafka_topics, 2)
    await produce(kafka, topic, [b"%d" % number for number in range(500)], partition=0)
    worker = Summing(kafka_topics, topic)
    await eventually(lambda: len(worker.seen) >= 500)
    await worker.stop()
    assert worker.seen == [(0, offset) for offset in range(500)]
    assert await committed(kafka, kafka_topics.prefix, topic) == 500


async def test_an_acknowledgement_waits_for_the_changelog(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    changelog = await changelog_of(kafka_topics, 2)
    worker = Summing(kafka_topics, topic)
    await eventually(lambda: worker.ready)
    producer = worker.app._faust.producer
    may_send = asyncio.Event()
    send = producer.send

    async def slow(*args: object, **options: object) -> object:
        await may_send.wait()
        return await send(*args, **options)

    monkeypatch.setattr(producer, "send", slow)
    await produce(kafka, topic, [b"a"])
    await eventually(lambda: bool(worker.seen))
    await asyncio.sleep(0.4)
    assert await committed(kafka, kafka_topics.prefix, topic) == 0
    may_send.set()
    await eventually(lambda: worker.app.partitions()[topic, 0].lag == 0)
    assert await values(kafka, changelog, 2) == [b"1"]
    await worker.stop()
    assert await committed(kafka, kafka_topics.prefix, topic) == 1


async def test_a_changelog_that_kafka_refuses_ends_the_worker_before_the_commit(kafka_topics: Topics) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    await changelog_of(kafka_topics, 2)
    await produce(kafka, topic, [b"x" * 600])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    name = f"{kafka_topics.prefix}-{TABLE}-changelog"
    await admin.delete_topics([name])
    await admin.create_topics([NewTopic(name, 2, 1, topic_configs={"max.message.bytes": "300"})])
    await admin.close()
    worker = Summing(kafka_topics, topic)
    await asyncio.wait([worker._run])
    assert "MessageSizeTooLarge" in repr(worker._run.exception())
    assert await committed(kafka, kafka_topics.prefix, topic) == 0


async def test_partitions_take_their_part_of_the_table_with_them(kafka_topics: Topics) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    await changelog_of(kafka_topics, 2)
    await produce(kafka, topic, [b"zero"], partition=0)
    await produce(kafka, topic, [b"one"], partition=1)
    first = Summing(kafka_topics, topic)
    await eventually(lambda: len(first.seen) == 2)
    second = Summing(kafka_topics, topic)
    await eventually(lambda: second.ready and first.ready and len(second.table) == 1 and len(first.table) == 1)
    (mine,) = (key for key in ("zero", "one") if second.table.get(key))
    moved = 0 if mine == "zero" else 1
    late = Record(topic, moved, 0, b"", mine.encode(), (), 0)
    with pytest.raises(PartitionMoved):
        first.table.put(mine, b"0", late, instead_of=first.table.get(mine))
    await produce(kafka, topic, [mine.encode()], partition=moved)
    await eventually(lambda: second.table.get(mine) == b"2")
    await second.stop()
    await eventually(lambda: first.ready and first.table.get(mine) == b"2")
    assert len(first.table) == 2
    await first.stop()


async def test_a_worker_that_was_frozen_writes_nothing_before_its_group_knows_it_again(kafka_topics: Topics) -> None:
    topic = await kafka_topics.create(partitions=2)
    await changelog_of(kafka_topics, 2)
    worker = Summing(kafka_topics, topic)
    await eventually(lambda: worker.ready)
    record = Record(topic, 0, 0, b"", b"a", (), 0)
    time.sleep(3.1)  # noqa: ASYNC251 - all of the process stands still, for more than half its session
    with pytest.raises(PartitionMoved):
        worker.table.put("a", b"1", record, instead_of=None)
    await eventually(lambda: worker.app._faust.owns(topic, 0))
    worker.table.put("a", b"1", record, instead_of=None)
    await worker.table.settled(record)
    await worker.stop()


async def test_a_write_that_was_too_late_does_not_arrive_later_and_the_next_one_does(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    changelog = await changelog_of(kafka_topics, 2)
    worker = Summing(kafka_topics, topic)
    await eventually(lambda: worker.ready)
    client = (await worker.app._faust.producer._connected()).client
    record = Record(topic, 0, 0, b"", b"a", (), 0)

    async def broken(*_args: object, **_options: object) -> object:
        raise KafkaConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(client, "send", broken)
        worker.table.put("a", b"late", record, instead_of=None)
        with pytest.raises(Unavailable, match="did not acknowledge"):
            await worker.table.settled(record)
    await asyncio.sleep(1.0)
    assert await values(kafka, changelog, 2) == []
    worker.table.put("a", b"again", record, instead_of=worker.table.get("a"))
    await worker.table.settled(record)
    assert await values(kafka, changelog, 2) == [b"again"]
    await worker.stop()


async def test_a_changelog_whose_beginning_is_gone_is_read_from_where_it_starts(kafka_topics: Topics) -> None:
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create(partitions=2)
    changelog = await changelog_of(kafka_topics, 2, policy="compact,delete")
    await produce(kafka, topic, [b"a", b"b", b"c"], partition=0)
    first = Summing(kafka_topics, topic)
    await eventually(lambda: len(first.seen) == 3)
    await first.stop()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition(changelog, 0): RecordsToDelete(before_offset=2)})
    await admin.close()
    second = Summing(kafka_topics, topic)
    await eventually(lambda: second.ready)
    assert {key: second.table.get(key) for key in "abc"} == {"a": None, "b": None, "c": b"1"}
    await second.stop()


@pytest.mark.parametrize("partitions", [0, 1])
async def test_a_changelog_with_other_partitions_is_refused(partitions: int, kafka_topics: Topics) -> None:
    topic = await kafka_topics.create(partitions=2)
    if partitions:
        await changelog_of(kafka_topics, partitions)
    worker = Summing(kafka_topics, topic)
    await asyncio.wait([worker._run])
    assert f"-{TABLE}-changelog has {partitions or 'no'} partitions, {topic} has 2" in str(worker._run.exception())
    assert worker.seen == []
