"""Records on their way to one topic, with a producer whose answers the test gives."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer

from app.outbox import Call, Entry, Outbox
from streams.metrics import Metrics
from streams.ports import Outgoing


class Batch:
    """As many records as anybody wants."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(self, *, timestamp: object, key: bytes, value: bytes, headers: object) -> object:
        self.values.append(value)
        return object()

    def close(self) -> None:
        """Nothing more goes in."""


class Broker:
    """One partition; it acknowledges when the test says so. Stands for the producer and for the outbox's publisher."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[bytes], asyncio.Future[object]]] = []
        self.waiting = 0

    async def connected(self) -> AIOKafkaProducer:
        return cast("AIOKafkaProducer", self)

    def replace(self, producer: AIOKafkaProducer) -> None:
        """Nobody fails here."""

    def release(self, entries: Sequence[Entry]) -> None:
        self.waiting -= len(entries)

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Any, _topic: str, *, partition: int) -> asyncio.Future[object]:
        assert partition == 0
        self.batches.append((batch.values, asyncio.get_running_loop().create_future()))
        return self.batches[-1][1]


class Bench:
    def __init__(self) -> None:
        self.broker = Broker()
        self.outbox = Outbox("t", self.broker, Metrics(), 0.001)

    def put(self, value: bytes) -> asyncio.Future[None]:
        call = Call(1, asyncio.get_running_loop().create_future())
        self.broker.waiting += 1
        self.outbox.put(Entry(call, Outgoing("t", b"k", value, []), 10))
        return call.over


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_one_batch_is_under_way_and_the_next_takes_all_that_has_come(bench: Bench) -> None:
    calls = [bench.put(b"1")]
    await asyncio.sleep(0.01)
    calls += [bench.put(b"2"), bench.put(b"3")]
    await asyncio.sleep(0.01)
    assert [values for values, _ in bench.broker.batches] == [[b"1"]]
    bench.broker.batches[0][1].set_result(None)
    await asyncio.sleep(0.01)
    assert [values for values, _ in bench.broker.batches] == [[b"1"], [b"2", b"3"]]
    bench.broker.batches[1][1].set_result(None)
    await asyncio.gather(*calls)
    assert bench.broker.waiting == 0


async def test_what_nobody_waits_for_behind_a_batch_without_an_answer_does_not_fill_the_buffer(bench: Bench) -> None:
    """A partition below its min.insync.replicas is tried again for ever; the others must go on."""
    bench.put(b"1")
    await asyncio.sleep(0.01)
    given_up = [bench.put(b"2"), bench.put(b"3")]
    for call in given_up:
        call.cancel()
    bench.put(b"4")
    await asyncio.sleep(0.01)
    assert bench.broker.waiting == 2
    bench.broker.batches[0][1].set_result(None)
    await asyncio.sleep(0.01)
    assert [values for values, _ in bench.broker.batches] == [[b"1"], [b"4"]]
