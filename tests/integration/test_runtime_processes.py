"""Workers as processes: killed, joined by another, asked to stop. Nothing is lost, and order holds per key."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaProducer

from tests.integration.runtime_world import committed, values
from tests.kafka_broker import Topics
from tests.waiting import PATIENCE, eventually

ROOT = Path(__file__).parents[2]
KEYS = 12


@dataclass
class Running:
    """A worker process, and the lines that it said."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        return "ready" in self.lines

    @property
    def began(self) -> list[str]:
        return [line.removeprefix("began ") for line in self.lines if line.startswith("began ")]

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode().strip())

    async def end(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


@asynccontextmanager
async def worker(
    topics: Topics, topic: str, out: str, name: str, *, seconds: float, width: int = 8
) -> AsyncIterator[Running]:
    arguments = [topics.bootstrap_servers, topics.prefix, topic, out, name, str(seconds), str(width)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.runtime_process", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    running = Running(process)
    listening = asyncio.create_task(running.listen())
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
        process._transport.close()  # type: ignore[attr-defined] # or it is closed by the collector, with a warning


async def fill(topics: Topics, topic: str, count: int) -> list[bytes]:
    """Numbered values over some keys; returns them."""
    made = [f"{number % KEYS}-{number}".encode() for number in range(count)]
    producer = AIOKafkaProducer(bootstrap_servers=topics.bootstrap_servers)
    await producer.start()
    for value in made:
        await producer.send(topic, value, key=value.partition(b"-")[0])
    await producer.stop()
    return made


def without_names(found: list[bytes]) -> list[bytes]:
    return [value.partition(b":")[2] for value in found]


def in_order_per_key(found: list[bytes]) -> bool:
    """Whether the first appearances of each key's values are in the order in which they were made."""
    seen: dict[bytes, list[int]] = defaultdict(list)
    for value in dict.fromkeys(without_names(found)):
        key, _, number = value.partition(b"-")
        seen[key].append(int(number))
    return all(numbers == sorted(numbers) for numbers in seen.values())


async def test_kill_9_in_the_middle_of_the_lanes_loses_nothing(kafka_topics: Topics) -> None:
    kafka = kafka_topics.bootstrap_servers
    topic, out = await kafka_topics.create("in", partitions=3), await kafka_topics.create("out", partitions=3)
    made = await fill(kafka_topics, topic, 120)
    async with worker(kafka_topics, topic, out, "killed", seconds=0.05) as first:
        await eventually(lambda: len(first.began) > 40)
        await first.end(signal.SIGKILL)
    before = await values(kafka, out, 3)
    assert 0 < len(before) < len(made)
    async with worker(kafka_topics, topic, out, "heir", seconds=0.01):
        await eventually(lambda: _all_in(kafka, out, made, 3))
    found = await values(kafka, out, 3)
    assert in_order_per_key(found)
    assert len(found) < len(made) * 2  # again is allowed, everything again is not


async def test_workers_that_come_and_go_lose_nothing_and_keep_the_order(kafka_topics: Topics) -> None:
    """Twice is only what was done ahead of an unfinished record of its partition, at most the lanes' capacity."""
    kafka = kafka_topics.bootstrap_servers
    topic, out = await kafka_topics.create("in", partitions=4), await kafka_topics.create("out", partitions=4)
    made = await fill(kafka_topics, topic, 400)
    # so slow that much is left when the second has started, on a busy machine too
    async with worker(kafka_topics, topic, out, "one", seconds=0.5, width=4) as first:
        await eventually(lambda: len(first.began) > 20)
        async with worker(kafka_topics, topic, out, "two", seconds=0.02, width=4) as second:
            await eventually(lambda: len(second.began) > 20)
            assert await first.end(signal.SIGTERM) == 0
            await eventually(lambda: _all_in(kafka, out, made, 4))
    found = await values(kafka, out, 4)
    assert set(without_names(found)) == set(made)
    assert len(found) - len(made) <= 2 * 100
    assert in_order_per_key(found)
    assert {value.partition(b":")[0] for value in found} == {b"one", b"two"}


async def test_sigterm_finishes_what_was_started_commits_it_and_drops_the_rest(kafka_topics: Topics) -> None:
    kafka, group = kafka_topics.bootstrap_servers, kafka_topics.prefix
    topic, out = await kafka_topics.create("in"), await kafka_topics.create("out")
    made = await fill(kafka_topics, topic, 6)
    async with worker(kafka_topics, topic, out, "a", seconds=1.0, width=2) as first:
        await eventually(lambda: len(first.began) == 2)
        assert await first.end(signal.SIGTERM) == 0
        assert len(first.began) == 2
    assert without_names(await values(kafka, out)) == made[:2]
    assert await committed(kafka, group, topic) == 2
    async with worker(kafka_topics, topic, out, "b", seconds=0.0):
        await eventually(lambda: _all_in(kafka, out, made))
    assert without_names(await values(kafka, out)) == made


async def _all_in(kafka: str, out: str, made: list[bytes], partitions: int = 1) -> bool:
    return set(without_names(await values(kafka, out, partitions))) >= set(made)
