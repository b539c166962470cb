"""Normalise: orders in a second that one worker turns from raw to canonical, beside Quix Streams doing the same."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from rich.console import Console

from app.clock import SystemClock
from app.ingress.receipt import take
from app.publisher import KafkaPublisher
from app.settings import KafkaSettings
from app.store import Store
from schemas.envelope import Via
from schemas.ids import Ref
from streams.metrics import Metrics
from streams.ports import Outgoing
from streams.topics import CANONICAL_SALE, HINT_STOCK, PARTITIONS, Topic
from tests.bench import orders
from tests.bench.children import BenchFailed
from tests.bench.drain import Ends, Fill, ends_of
from tests.bench.profiling import Profile, profile
from tests.bench.report import Line, Part
from tests.bench.resources import MEGABYTE, Meter
from tests.bench.stand import NORMALIZE, Stand, stand

QUIX_PROCESS = "quix"
BAR = 1.0
ROUNDS = 2
ORDERS = 5_000
"""In each round, for each of the two."""
PROFILED_ORDERS = 4_000
PROFILE_SECONDS = 4.0
ENOUGH_SECONDS = 60.0
"""On a machine that is so slow that this has passed, no further round is begun."""
ALIASES = 2_000
"""Links of other SKUs, so that the table that is asked is no empty one."""

QUIX = "quix."
"""Before the names of the topics that Quix Streams writes, so that the two do not write into one."""
QUIX_TOPICS = tuple(Topic(QUIX + name, PARTITIONS) for name in (CANONICAL_SALE, HINT_STOCK))


@dataclass(slots=True)
class Runs:
    """What one of the two did, over all rounds."""

    fills: list[Fill] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    @property
    def per_second(self) -> float:
        """Orders in a second."""
        return sum(fill.records for fill in self.fills) / sum(fill.seconds for fill in self.fills)

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of the process for one order; other programs on the machine weigh less on it."""
        return sum(self.cores) / len(self.cores) / self.per_second * 1e6


async def measure(directory: Path, console: Console) -> Part:
    """Publish orders, let each of the two work them off in turn, and compare what came out."""
    async with stand(directory, console, QUIX_TOPICS) as on:
        await _link_skus(on)
        ours, quix = Runs(), Runs()
        kafka = on.kafka_settings
        async with ends_of(kafka, CANONICAL_SALE) as ends, ends_of(kafka, QUIX + CANONICAL_SALE) as quix_ends:
            began = time.monotonic()
            for number in range(ROUNDS):
                if time.monotonic() - began > ENOUGH_SECONDS:
                    break
                await publish(kafka, range(number * ORDERS + 1, (number + 1) * ORDERS + 1))
                await _run(on, NORMALIZE.name, lambda: on.start(NORMALIZE), ends, ORDERS, ours)
                await _run(on, QUIX_PROCESS, lambda: _start_quix(on), quix_ends, ORDERS, quix)
            done = len(ours.fills) * ORDERS
            await _compare(on, done)
            profiles = await _profile(on, ends, done)
    ratio = ours.per_second / quix.per_second
    lines = [
        Line(
            "orders normalised by one worker",
            f"{ours.per_second:,.0f}/s",
            f"{quix.per_second:,.0f}/s Quix Streams",
            ratio,
            f"≥ {BAR}",
            ratio >= BAR,
        ),
        Line(
            "processor time of the process for one order",
            f"{ours.cpu_microseconds:,.0f} µs",
            f"{quix.cpu_microseconds:,.0f} µs",
            ours.cpu_microseconds / quix.cpu_microseconds,
        ),
    ]
    figures = {name: _figures(runs) for name, runs in (("ours", ours), ("quix", quix))}
    notes = [
        f"{len(ours.fills)} rounds of {ORDERS:,} orders for each of the two in turn, the first tenth not counted",
        "the same sales came out of both, byte for byte; ours also keeps a journal line of every order",
        "what else differs, and in whose favour, is told in tests/bench/quix_baseline.py",
    ]
    return Part("Normalise", lines, {**figures, "ratio": ratio}, profiles, notes)


def _figures(runs: Runs) -> dict[str, object]:
    return {
        "per_second": runs.per_second,
        "rounds": [fill.per_second for fill in runs.fills],
        "cores": runs.cores,
        "cpu_microseconds_per_order": runs.cpu_microseconds,
        "peak_mb": runs.peak_bytes / MEGABYTE,
    }


async def publish(kafka: KafkaSettings, numbers: range) -> None:
    """Put raw orders into Kafka as the door would."""
    publisher = KafkaPublisher(kafka.client_options(), "bench", Metrics())
    await publisher.start()
    for start in range(0, len(numbers), 500):
        await publisher.publish([raw_record(order) for order in numbers[start : start + 500]])
    await publisher.stop()


def raw_record(order: int) -> Outgoing:
    """An order as the door publishes it."""
    return take(
        connection="web",
        system="magento",
        entity="order",
        body=orders.body_of(order),
        document={"entity_id": order, "increment_id": orders.number_of(order)},
        via=Via.WEBHOOK,
        now_ms=int(time.time() * 1000),
        entropy=order.to_bytes(10),
    ).record


async def _link_skus(on: Stand) -> None:
    store = Store.open(on.postgres.url, role="bench", clock=SystemClock())
    pairs = [(Ref("web", "sku", f"WEB-{n}"), Ref("pos", "sku", f"POS-{n}")) for n in range(ALIASES)]
    await asyncio.gather(*(store.links.insert(one, other) for one, other in pairs))
    await store.close()


async def _start_quix(on: Stand) -> None:
    on.children.start(
        QUIX_PROCESS, ["tests.bench.quix_baseline", QUIX], {"TILLSTREAM_CONFIG": str(on.config.resolve())}
    )


async def _run(
    on: Stand, name: str, start: Callable[[], Awaitable[None]], ends: Ends, records: int, runs: Runs
) -> None:
    """Start the program on what has been published, and end it when all of it has come out."""
    meters: list[Meter] = []

    def check() -> None:
        on.children.check()
        for meter in meters:
            meter.look()

    before = await ends.total()
    await start()
    counting = ends.fill(records, before, check, lambda: meters.append(Meter({name: on.children.pids[name]})))
    runs.fills.append(await counting)
    meters[0].stop()
    runs.cores.append(meters[0].cores()[name])
    runs.peak_bytes = max(runs.peak_bytes, meters[0].peak[name])
    await on.children.stop(name)


async def _profile(on: Stand, ends: Ends, done: int) -> dict[str, Profile]:
    """Once more, with somebody looking; what it takes now is not counted."""
    before = await ends.total()
    await publish(on.kafka_settings, range(done + 1, done + PROFILED_ORDERS + 1))
    await on.start(NORMALIZE)
    looking = asyncio.create_task(profile(on.children.pids, PROFILE_SECONDS))
    await ends.fill(PROFILED_ORDERS, before, on.children.check, lambda: None)
    return await looking


async def _compare(on: Stand, done: int) -> None:
    """Both made the same sales, byte for byte. Raises BenchFailed."""
    ours, quix = await asyncio.gather(*(_sales(on, name) for name in (CANONICAL_SALE, QUIX + CANONICAL_SALE)))
    if ours.keys() != quix.keys() or len(ours) != done:
        raise BenchFailed(f"{len(ours)} sales came out of ours, {len(quix)} out of Quix Streams")
    if ours != quix:
        raise BenchFailed("the two made different sales of the same orders")


async def _sales(on: Stand, topic: str) -> dict[bytes, bytes]:
    """Every key in a topic with a digest of its value."""
    consumer = AIOKafkaConsumer(**on.kafka_settings.client_options(), auto_offset_reset="earliest")
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    found: dict[bytes, bytes] = {}
    await consumer.start()
    try:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            while await consumer.position(place) < ends[place]:
                batches = await consumer.getmany(*places, timeout_ms=500)
                for batch in batches.values():
                    found |= {record.key: hashlib.sha256(record.value).digest() for record in batch}
    finally:
        await consumer.stop()
    return found
