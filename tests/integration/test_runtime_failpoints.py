"""A commit's failpoint on a real Kafka."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from streams.ports import Failpoint, Record
from streams.runtime.app import Ack, StageApp
from tests.integration.runtime_world import committed, never_ends, produce, settings
from tests.kafka_broker import Topics
from tests.twins.failpoints import Reached
from tests.waiting import eventually


async def test_before_a_commit_the_record_is_done_and_kafka_does_not_know(kafka_topics: Topics) -> None:
    """The worker stands still at the point, as if it were stopped there, while somebody else asks Kafka."""
    kafka, topic = kafka_topics.bootstrap_servers, await kafka_topics.create()
    done: list[int] = []
    at_the_points: list[tuple[list[int], int | None]] = []

    async def receive(record: Record, ack: Ack) -> None:
        done.append(record.offset)
        await ack()

    def ask(_point: Failpoint) -> None:
        with ThreadPoolExecutor(1) as other:
            known = other.submit(asyncio.run, committed(kafka, kafka_topics.prefix, topic)).result()
        at_the_points.append((list(done), known))

    reached = Reached(ask)
    app = StageApp(
        group=kafka_topics.prefix, kafka=settings(kafka), drain_seconds=5.0, end_process=never_ends, failpoints=reached
    )
    app.consume([topic], receive)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await eventually(lambda: _is_committed(kafka, kafka_topics.prefix, topic, 0))  # a new partition's start
    await produce(kafka, topic, [b"0"])
    await eventually(lambda: _is_committed(kafka, kafka_topics.prefix, topic, 1))
    stop.set()
    await running
    assert at_the_points == [([], None), ([0], 0)]
    assert set(reached.points) == {Failpoint.BEFORE_COMMIT}


async def _is_committed(kafka: str, group: str, topic: str, offset: int) -> bool:
    return await committed(kafka, group, topic) == offset
