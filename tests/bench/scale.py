"""``python -m tests.bench.scale``: deliver workers one, two and four; a target that takes its time bounds each of them.

The orders lie in Kafka as sales before the first worker starts, more than all of them can deliver meanwhile. Each
further worker joins the group while the others work, as a deployment scales out, and the rate is counted when the
partitions are handed over. A worker has few connections and the target is slow, so that waiting, not this machine's
cores, is what limits it: what is measured is whether workers hold each other up.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import aiohttp
import orjson
import uvloop
from rich.console import Console

from streams.topics import CANONICAL_SALE
from tests.bench.children import BenchFailed
from tests.bench.drain import ends_of
from tests.bench.normalize import publish
from tests.bench.report import Line, Part, show
from tests.bench.resources import Meter
from tests.bench.stand import DELIVER_POS, NORMALIZE, POSTGRES, Role, Stand, stand

WORKERS = (1, 2, 4)
ANSWER_SECONDS = 0.25
CONNECTIONS = 4
"""Of each worker to the target, and so the orders that it has in hand."""
ORDERS = 2_000
SETTLE_SECONDS = 6.0
"""After the group has handed over: the turns of before have ended."""
COUNT_SECONDS = 20.0
BAR = 0.9
"""Part of the ideal ratio that must be reached."""
DIRECTORY = Path(".tillstream/bench/scale")
SINK = "sink"


async def measure(console: Console) -> Part:
    """Orders in a second with each number of workers. Raises BenchFailed."""
    async with stand(DIRECTORY, console) as on, aiohttp.ClientSession() as session:
        await on.start_server(SINK, ["tests.bench.sink", str(on.sink_port), str(ANSWER_SECONDS)], on.sink_port)
        await _fill(on)
        rates: list[float] = []
        cores: list[float] = []
        running = 0
        for workers in WORKERS:
            names = [f"{DELIVER_POS.name} {number}" for number in range(running + 1, workers + 1)]
            roles = [Role(name, DELIVER_POS.arguments) for name in names]
            await on.start(*roles, settings={"TILLSTREAM_CONNECTIONS__POS__HTTP__CONNECTIONS": str(CONNECTIONS)})
            running = workers
            rate, busy = await _count(on, session)
            rates.append(rate)
            cores.append(busy)
            console.print(f"  {workers}: {rate:.1f} orders/s, {busy:.2f} cores", style="dim", highlight=False)
    return part_of(rates, cores)


async def _fill(on: Stand) -> None:
    """All orders as sales in Kafka, and normalise out of the way."""
    async with ends_of(on.kafka_settings, CANONICAL_SALE) as ends:
        before = await ends.total()
        await publish(on.kafka_settings, range(1, ORDERS + 1))
        await on.start(NORMALIZE)
        await ends.fill(ORDERS, before, on.children.check, lambda: None)
    await on.children.stop(NORMALIZE.name)


async def _count(on: Stand, session: aiohttp.ClientSession) -> tuple[float, float]:
    """Orders that the target makes in a second, and the cores that are busy with it."""
    await asyncio.sleep(SETTLE_SECONDS)
    began, meter = time.monotonic(), Meter(on.children.pids | on.services, families=[POSTGRES])
    await asyncio.sleep(COUNT_SECONDS)
    ended = time.monotonic()
    meter.stop()
    on.children.check()
    async with session.get(f"http://127.0.0.1:{on.sink_port}/bench/noted") as answer:
        created: dict[str, list[float]] = orjson.loads(await answer.read())["created"]
    doubled = sum(len(moments) > 1 for moments in created.values())
    if doubled or len(created) >= ORDERS:
        raise BenchFailed(
            f"{doubled} orders were made twice, {len(created)} of {ORDERS} in all: none must, and not all"
        )
    return rate_between((moments[0] for moments in created.values()), began, ended), sum(meter.cores().values())


def rate_between(moments: Iterable[float], began: float, ended: float) -> float:
    """How many of these moments lie in a second of that time."""
    return sum(began <= moment < ended for moment in moments) / (ended - began)


def part_of(rates: Sequence[float], cores: Sequence[float]) -> Part:
    """What was measured with each number of workers, in their order, against the ideal."""
    lines = [
        Line(
            f"orders in a second, {workers} deliver worker{'s' if workers > 1 else ''}",
            f"{rate:.1f}/s",
            f"{rates[0]:.1f}/s with one",
            rate / rates[0],
            f"≥ {workers * BAR:.1f}",
            rate / rates[0] >= workers * BAR,
        )
        for workers, rate in zip(WORKERS, rates, strict=True)
    ]
    figures = {"workers": WORKERS, "orders_per_second": rates, "cores": cores}
    notes = [
        f"the target takes {ANSWER_SECONDS * 1000:.0f} ms a request, and a worker has {CONNECTIONS} connections to it",
        f"cores that everything kept busy: {', '.join(f'{busy:.2f}' for busy in cores)}",
    ]
    return Part("Deliver scales out", lines, figures, notes=notes)


async def run() -> int:
    """Measure and print. Returns 1 if a bar was missed."""
    console = Console()
    try:
        part = await measure(console)
    except BenchFailed as error:
        console.print(f"[red]{error}[/red]")
        return 1
    show(console, [part])
    return 0 if all(line.met is not False for line in part.lines) else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(run()))
