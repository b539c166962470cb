"""What a worker has in hand is bounded, whatever one record or one key does."""

from __future__ import annotations

import asyncio

from streams.ports import Record
from streams.runtime.app import Ack, StageApp
from tests.integration.runtime_world import committed, never_ends, produce, settings
from tests.kafka_broker import Topics
from tests.waiting import eventually


async def test_a_record_that_is_stuck_lets_only_so_many_others_overtake_it(kafka_topics: Topics) -> None:
    """A crash gives all of them again, and the commit waits for the first."""
    topic, span = await kafka_topics.create(), 40
    seen: list[int] = []
    stuck: list[Ack] = []

    async def receive(record: Record, ack: Ack) -> None:
        seen.append(record.offset)
        if record.offset:
            await ack()
        else:
            stuck.append(ack)

    options = settings(kafka_topics.bootstrap_servers, span_records=span, buffer_records=10)
    app = StageApp(group=kafka_topics.prefix, kafka=options, end_process=never_ends)
    app.consume([topic], receive)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await produce(kafka_topics.bootstrap_servers, topic, [b"%d" % number for number in range(200)])
    await eventually(lambda: len(seen) >= span)
    await asyncio.sleep(2.0)  # some looks: it takes no more
    assert span <= len(seen) <= span + 10
    await stuck[0]()
    await eventually(lambda: len(seen) == 200)
    stop.set()
    await running
    assert await committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, topic) == 200
    assert seen == list(range(200))


async def test_large_records_in_hand_are_bounded_in_bytes_and_other_topics_go_on(kafka_topics: Topics) -> None:
    large, small = await kafka_topics.create("large"), await kafka_topics.create("small")
    waiting: asyncio.Queue[Ack] = asyncio.Queue()
    others: list[int] = []

    async def keep(_record: Record, ack: Ack) -> None:
        waiting.put_nowait(ack)

    async def end(record: Record, ack: Ack) -> None:
        others.append(record.offset)
        await ack()

    bounds = {"bytes_in_hand": 1_000_000, "fetch_partition_bytes": 200_000}
    options = settings(kafka_topics.bootstrap_servers, **bounds)
    app = StageApp(group=kafka_topics.prefix, kafka=options, end_process=never_ends)
    app.consume([large], keep)
    app.consume([small], end)
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(stop))
    await produce(kafka_topics.bootstrap_servers, large, [b"%0100000d" % number for number in range(50)])
    await eventually(lambda: waiting.qsize() >= 10)
    await produce(kafka_topics.bootstrap_servers, small, [b"%d" % number for number in range(20)])
    await eventually(lambda: others == list(range(20)))
    assert 10 <= waiting.qsize() <= 12
    for _ in range(50):
        ack = await asyncio.wait_for(waiting.get(), 20)
        await ack()
    stop.set()
    await running
    assert await committed(kafka_topics.bootstrap_servers, kafka_topics.prefix, large) == 50
