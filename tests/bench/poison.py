"""``python -m tests.bench.poison SIZE``: bad orders among good ones, then bad orders alone, through real workers.

The worker that normalises, the one that delivers and a point of sale run as processes on a real Kafka and PostgreSQL.
Shuffled, every good order must be delivered once and every bad one be in review with a reason, and the workers' memory
must stay flat. As one block, the bad ones must stop the flow; once one cause of several is mended (a store view gets
its channel), a resume must end all of them.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvloop
from rich.console import Console

from app.clock import SystemClock
from app.demo.programs import PREFIX
from app.ingress.receipt import take
from app.publisher import KafkaPublisher, PublisherLimits
from app.store import Store
from schemas.envelope import Via
from streams.metrics import Metrics
from streams.ports import FlowStop, Outgoing
from tests.bench import orders
from tests.bench.children import BenchFailed
from tests.bench.resources import MEGABYTE, usage
from tests.bench.sink import UNKNOWN
from tests.bench.stand import DELIVER_POS, NORMALIZE, Stand, stand

DIRECTORY = Path(".tillstream/poison")
WORKERS = (NORMALIZE, DELIVER_POS)
PER_SECOND = 20
"""Events that are ended in a second at the least, on a machine however busy; after that time it is given up."""
START_SECONDS = 60.0
PUBLISH_SECONDS = 60.0
STILL_SECONDS = 3.0
"""How long nothing must have moved for a flow to count as stopped."""

NEW_STORE, NEW_PREFIX = 9, "N-"
NEW_CHANNEL = f"""
[channels.new]
web = "web"
store_id = {NEW_STORE}
pos = "pos"
prefix = "{NEW_PREFIX}"
location = "MAIN"
currency = "USD"
offline_methods = ["checkmo", "free"]
[channels.new.sources]
MAIN = "main"
"""

Order = dict[str, Any]


def _unknown_sku(order: Order) -> None:
    for item in order["items"]:
        item["sku"] = UNKNOWN + item["sku"]


def _new_store(order: Order) -> None:
    order["store_id"] = NEW_STORE


def _other_currency(order: Order) -> None:
    order["base_currency_code"] = "EUR"


def _unexplained(order: Order) -> None:
    order["base_grand_total"] = round(order["base_grand_total"] + 7, 2)


SPOILED: Mapping[str, Callable[[Order], None]] = {
    "no_channel": _new_store,
    "currency": _other_currency,
    "unexplained_amount": _unexplained,
    "unknown_sku": _unknown_sku,
}
"""What can be wrong with an order, by the code that it ends in review with."""
CUT = "not_json"
KINDS = (*["no_channel", "currency", "unexplained_amount", CUT] * 6, "unknown_sku")
"""Of twenty-five, one is only refused by the point of sale: a stage stops by its own outcomes, here the first one."""


def spoiled(order: int, kind: str) -> bytes:
    """An order's JSON with something wrong."""
    body = orders.body_of(order)
    if kind == CUT:
        return body[: len(body) // 2]
    document: Order = orjson.loads(body)
    SPOILED[kind](document)
    return orjson.dumps(document)


@dataclass(slots=True)
class Batch:
    """Orders as they lie in Kafka.

    Attributes:
        good: numbers of the good ones.
        poison: what is wrong with each bad one, by receipt.
        numbers: the order of each bad one, by receipt.
    """

    records: list[Outgoing] = field(default_factory=list)
    good: set[int] = field(default_factory=set)
    poison: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)


def batch(first: int, *, good: int, poison: int, seed: int = 1) -> Batch:
    """So many orders with numbers from ``first`` on, shuffled."""
    made, kinds = Batch(), [*[""] * good, *(KINDS[n % len(KINDS)] for n in range(poison))]
    random.Random(seed).shuffle(kinds)
    for number, kind in enumerate(kinds, first):
        receipt = take(
            connection="web",
            system="magento",
            entity="order",
            body=spoiled(number, kind) if kind else orders.body_of(number),
            document={"entity_id": number, "increment_id": orders.number_of(number)},
            via=Via.WEBHOOK,
            now_ms=int(time.time() * 1000),
            entropy=number.to_bytes(10),
        )
        made.records.append(receipt.record)
        if kind:
            made.poison[receipt.envelope.receipt_id] = kind
            made.numbers[receipt.envelope.receipt_id] = number
        else:
            made.good.add(number)
    return made


@dataclass(frozen=True, slots=True)
class Review:
    """What a shop manager reads about one event in review."""

    code: str
    message: str


@dataclass(slots=True)
class Report:
    """What came of it.

    Attributes:
        delivered, reviewed: of the shuffled ones.
        reasons: by code, how many in review and what one of them says.
        memory: of each worker in bytes, at the start, in the middle and at the end of the shuffled ones.
        stopped_after: events of the block in review when the flow had stopped.
        stop: what the operator is told.
        held_after_restart: the same, after the workers were started anew.
        block_delivered, block_reviewed: of the block, after the resume.
        problems: what must not be; empty if all is well.
    """

    delivered: int = 0
    reviewed: int = 0
    reasons: dict[str, tuple[int, str]] = field(default_factory=dict)
    memory: dict[str, list[int]] = field(default_factory=dict)
    stopped_after: int = 0
    stop: str = ""
    held_after_restart: int = 0
    block_delivered: int = 0
    block_reviewed: int = 0
    problems: list[str] = field(default_factory=list)


class Poisoning:
    """Both parts on one stand, whose workers run."""

    def __init__(self, on: Stand, store: Store, session: aiohttp.ClientSession) -> None:
        self._on = on
        self._store = store
        self._session = session
        self.report = Report()

    # -- bad ones among good ones ---------------------------------------------------------------------------------

    async def shuffled(self, size: int) -> None:
        """As many bad as good ones, mixed."""
        sent, report = batch(1, good=size, poison=size), self.report
        half = len(sent.records) // 2
        self._weigh()
        for part in (sent.records[:half], sent.records[half:]):
            there = await self._ended() + len(part)
            await self._publish(part)
            await self._until(partial(self._reached, there), len(part))
            self._weigh()
        created, review = await self._created(), await self._review()
        report.delivered = sum(f"{PREFIX}{orders.number_of(number)}" in created for number in sent.good)
        report.reviewed = sum(receipt in review for receipt in sent.poison)
        report.reasons = _by_reason(review.values())
        if await self._stops():
            report.problems.append("a flow stopped, although half of everything was good")
        if doubled := [public_id for public_id, times in created.items() if times != 1]:
            report.problems.append(f"{len(doubled)} orders were delivered twice, such as {doubled[0]}")
        if missing := len(sent.good) - report.delivered:
            report.problems.append(f"{missing} good orders were not delivered")
        self._check_reasons(sent.poison, review)

    def _check_reasons(self, poison: Mapping[str, str], review: Mapping[str, Review]) -> None:
        for receipt, kind in poison.items():
            found = review.get(receipt)
            if found is None or found.code != kind or not found.message:
                self.report.problems.append(f"{receipt} ({kind}) has no such reason in review, but {found}")

    # -- bad ones alone ---------------------------------------------------------------------------------------------

    async def block(self, first: int, size: int) -> None:
        """Bad ones alone: a stop, a restart that stays stopped, one cause mended, a resume."""
        sent, report = batch(first, good=0, poison=size), self.report
        await self._publish(sent.records)
        await self._until(self._stopped, size)
        report.stopped_after = await self._still(sent)
        report.stop = (await self._stops())[0].reason
        await self._on.children.stop(*(role.name for role in WORKERS))
        with self._on.config.open("a") as settings:
            settings.write(NEW_CHANNEL)
        await self._on.start(*WORKERS)
        report.held_after_restart = await self._still(sent)
        await self._resume()
        await self._until(partial(self._all_ended, sent), size)
        created, review = await self._created(), await self._review()
        delivered = {r for r, n in sent.numbers.items() if f"{NEW_PREFIX}{orders.number_of(n)}" in created}
        report.block_delivered, report.block_reviewed = len(delivered), len(sent.poison.keys() & review.keys())
        if lost := sent.poison.keys() - delivered - review.keys():
            report.problems.append(f"{len(lost)} of the block are lost")
        if wrong := [receipt for receipt in delivered if sent.poison[receipt] != "no_channel"]:
            report.problems.append(f"{len(wrong)} of the block were delivered, although they are bad")
        if await self._stops():
            report.problems.append("the flow stopped again, although a quarter is good by now")
        if report.held_after_restart != report.stopped_after:
            report.problems.append("the flow went on at a restart, without a resume")
        self._check_reasons({r: kind for r, kind in sent.poison.items() if r not in delivered}, review)

    async def _still(self, sent: Batch) -> int:
        """How many of the batch are in review, once that has not changed for a while."""
        count, since = -1, time.monotonic()
        while time.monotonic() - since < STILL_SECONDS:
            found = len(sent.poison.keys() & (await self._review()).keys())
            if found != count:
                count, since = found, time.monotonic()
            await asyncio.sleep(0.5)
        return count

    async def _resume(self) -> None:
        environment = {**os.environ, "TILLSTREAM_CONFIG": str(self._on.config.resolve())}
        command = (sys.executable, "-m", "app.cli", "resume", "order", "--reason", "the new store has its channel")
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        if await process.wait():
            raise BenchFailed("tillstream resume did not find the stop")

    # -- what is seen from outside ------------------------------------------------------------------------------------

    async def _publish(self, records: list[Outgoing]) -> None:
        limits = PublisherLimits(timeout_seconds=PUBLISH_SECONDS)
        publisher = KafkaPublisher(self._on.kafka_settings.client_options(), "poison", Metrics(), limits)
        await publisher.start()
        for start in range(0, len(records), 500):
            await publisher.publish(records[start : start + 500])
        await publisher.stop()

    async def _until(self, true: Callable[[], Awaitable[bool]], events: int) -> None:
        deadline = time.monotonic() + START_SECONDS + events / PER_SECOND
        while not await true():
            self._on.children.check()
            if time.monotonic() > deadline:
                raise BenchFailed(f"not done in time (logs: {self._on.config.parent}); so far: {self.report}")
            await asyncio.sleep(0.5)

    async def _ended(self) -> int:
        return len(await self._created()) + len(await self._review())

    async def _reached(self, events: int) -> bool:
        return await self._ended() >= events

    async def _all_ended(self, sent: Batch) -> bool:
        created, review = await self._created(), await self._review()
        return all(r in review or f"{NEW_PREFIX}{orders.number_of(n)}" in created for r, n in sent.numbers.items())

    async def _stopped(self) -> bool:
        return bool(await self._stops())

    async def _stops(self) -> list[FlowStop]:
        return list(await self._store.stops.current())

    async def _created(self) -> dict[str, int]:
        """How often the point of sale was made to create each order, by public id."""
        async with self._session.get(f"http://127.0.0.1:{self._on.sink_port}/bench/noted") as answer:
            return {name: len(moments) for name, moments in orjson.loads(await answer.read())["created"].items()}

    async def _review(self) -> dict[str, Review]:
        rows = await self._store.database.fetch("SELECT receipt_id, code, message FROM held WHERE reason = 'person'")
        return {row["receipt_id"]: Review(row["code"], row["message"]) for row in rows}

    def _weigh(self) -> None:
        for role in WORKERS:
            resident = usage(self._on.children.pids[role.name]).resident_bytes
            self.report.memory.setdefault(role.name, []).append(resident)


def _by_reason(review: Iterable[Review]) -> dict[str, tuple[int, str]]:
    found = list(review)
    counted = Counter(one.code for one in found)
    examples = {one.code: one.message for one in found}
    return {code: (events, examples[code]) for code, events in counted.most_common()}


@asynccontextmanager
async def poisoning(directory: Path, console: Console) -> AsyncIterator[Poisoning]:
    """A stand with its workers at work."""
    async with stand(directory, console) as on, aiohttp.ClientSession() as session:
        await on.start_server("sink", ["tests.bench.sink", str(on.sink_port)], on.sink_port)
        await on.start(*WORKERS)
        store = Store.open(on.postgres.url, role="poison", clock=SystemClock(), connections=2)
        try:
            yield Poisoning(on, store, session)
        finally:
            await store.close()


async def run(size: int, directory: Path, console: Console) -> Report:
    """Both parts. Raises BenchFailed if one is not done in time."""
    async with poisoning(directory, console) as poison:
        await poison.shuffled(size)
        await poison.block(2 * size + 1, size)
        return poison.report


def show(report: Report, size: int, console: Console) -> None:
    """The figures, and what a shop manager reads."""
    console.print(f"{size:,} bad orders shuffled among {size:,} good ones")
    console.print(f"  delivered {report.delivered:,}, in review {report.reviewed:,}:")
    for code, (events, example) in report.reasons.items():
        console.print(f"  {events:>6,} {code}: {example}", highlight=False, markup=False)
    for name, sizes in report.memory.items():
        weights = ", ".join(f"{resident / MEGABYTE:.0f}" for resident in sizes)
        console.print(f"  memory of {name} at the start, in the middle, at the end: {weights} MB")
    console.print(f"{size:,} bad orders as one block")
    console.print(f"  stopped with {report.stopped_after} in review: {report.stop}", highlight=False, markup=False)
    console.print(f"  after a restart still {report.held_after_restart} in review")
    console.print(
        f"  after the resume, with a channel for the new store: {report.block_delivered:,} delivered, "
        f"{report.block_reviewed:,} in review, {size - report.block_delivered - report.block_reviewed} lost"
    )
    for problem in report.problems[:20]:
        console.print(problem, style="bold red")


def main() -> int:
    """Returns 0, or 1 if a good order is missing, a bad one has no reason, or something was lost."""
    size, console = int(sys.argv[1]), Console(soft_wrap=True)
    began = time.monotonic()
    try:
        report = uvloop.run(run(size, DIRECTORY, console))
    except BenchFailed as error:
        console.print(str(error), style="bold red")
        return 1
    show(report, size, console)
    console.print(f"{time.monotonic() - began:.0f} s, load average {os.getloadavg()[0]:.1f}")
    return int(bool(report.problems))


if __name__ == "__main__":
    sys.exit(main())
