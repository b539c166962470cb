"""``python -m tests.bench.flood [SKUS]``: every SKU changes ten times while the web store takes 150 ms to answer.

Each change is an event on the raw topic, as a Kafka producer or the door puts it there; from there on it is the real
way: normalise, inventory, deliver, each a process, on a real Kafka and PostgreSQL. The bars are those of a shop: the
final stock is right on all SKUs, there is at most one call to Magento for a hundred changes, and no SKU waits longer
than half a minute.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import uvloop
from aiohttp import web
from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.progress import Progress

from app.ingress.receipt import ENTROPY_BYTES, take
from schemas.envelope import Via
from tests.bench.children import BenchFailed
from tests.bench.report import Line, Part, show
from tests.bench.stand import DELIVER_WEB, INVENTORY, NORMALIZE, Stand, stand
from tests.bench.stock_shop import StockShop

SKUS, CHANGES = 20_000, 10
ANSWER_SECONDS = 0.150
CHANGES_A_CALL = 100
LONGEST_WAIT = 30.0
PER_SECOND = 200.0
"""How fast the store's stock changes: 20,000 SKUs ten times each in a little less than seventeen minutes."""
SETTLE_SECONDS = 120.0
DIRECTORY = Path(".tillstream/bench/flood")


async def measure(skus: int, per_second: float, console: Console) -> Part:
    """What came of so many SKUs. Raises BenchFailed if not all changes arrive."""
    shop = StockShop(skus, ANSWER_SECONDS)
    async with stand(DIRECTORY, console) as on, _served(shop, on.sink_port):
        await on.start(NORMALIZE, INVENTORY, DELIVER_WEB)
        await _first_round(shop, on, console)
        before = (shop.calls, shop.writes, shop.rows)
        shop.waits.clear()
        began = time.monotonic()
        sent = await _change(shop, on, CHANGES, per_second, console)
        took_to_send = time.monotonic() - began
        await _settled(shop, on)
        return _part(shop, sent, took_to_send, time.monotonic() - began, before)


async def _first_round(shop: StockShop, on: Stand, console: Console) -> None:
    """Every SKU once, so that the store knows them all: that they are products is asked once an hour, not ten times."""
    await _change(shop, on, 1, 4 * PER_SECOND, console)
    await _settled(shop, on)


@asynccontextmanager
async def _served(shop: StockShop, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(shop.app(), access_log=None, keepalive_timeout=300.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    yield
    await runner.cleanup()


async def _change(shop: StockShop, on: Stand, rounds: int, per_second: float, console: Console) -> int:
    """Change all SKUs so often, in an order of their own each time, at a steady rate. Returns the number of events."""
    chance = random.Random(1)
    skus = [sku for _ in range(rounds) for sku in chance.sample(sorted(shop.shelves), len(shop.shelves))]
    producer = AIOKafkaProducer(bootstrap_servers=on.kafka.bootstrap_servers, acks="all", linger_ms=5)
    await producer.start()
    try:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("stock changes", total=len(skus))
            began = time.monotonic()
            for number, sku in enumerate(skus):
                body = shop.change(sku)
                receipt = take(
                    connection="pos",
                    system="heartland",
                    entity="inventory",
                    body=body,
                    document=orjson.loads(body),
                    via=Via.WEBHOOK,
                    now_ms=int(time.time() * 1000),
                    entropy=os.urandom(ENTROPY_BYTES),
                )
                record = receipt.record
                await producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
                ahead = number / per_second - (time.monotonic() - began)
                if ahead > 0:
                    await asyncio.sleep(ahead)
                if number % 200 == 0:
                    on.children.check()
                    progress.update(task, completed=number)
    finally:
        await producer.stop()
    return len(skus)


async def _settled(shop: StockShop, on: Stand) -> None:
    deadline = time.monotonic() + SETTLE_SECONDS
    while shop.behind or shop.wrong:
        if time.monotonic() > deadline:
            raise BenchFailed(f"{shop.behind} SKUs still wait after {SETTLE_SECONDS:.0f} s, {shop.wrong} are wrong")
        on.children.check()
        await asyncio.sleep(0.2)


def _part(shop: StockShop, events: int, sending: float, took: float, before: tuple[int, int, int]) -> Part:
    calls, writes, rows = shop.calls - before[0], shop.writes - before[1], shop.rows - before[2]
    waits = sorted(shop.waits)
    longest, median = waits[-1], waits[len(waits) // 2]
    most = events / CHANGES_A_CALL
    lines = [
        Line(
            "SKUs with another quantity in the end", f"{shop.wrong} of {len(shop.shelves)}", bar="0", met=not shop.wrong
        ),
        Line("calls to Magento", f"{calls} for {events} changes", bar=f"≤ {most:.0f}", met=calls <= most),
        Line("longest wait of a SKU", f"{longest:.1f} s", bar=f"≤ {LONGEST_WAIT:.0f} s", met=longest <= LONGEST_WAIT),
        Line("median wait of a write", f"{median:.2f} s"),
        Line("rows in a call", f"{rows / max(1, writes):.0f}, {rows} in all"),
        Line("changes", f"{events / sending:.0f}/s for {sending:.0f} s, the last written {took - sending:.1f} s later"),
    ]
    figures = {
        "skus": len(shop.shelves),
        "events": events,
        "calls": calls,
        "writes": writes,
        "rows": rows,
        "longest_wait": longest,
        "median_wait": median,
        "seconds": took,
    }
    notes = [f"Magento answers after {ANSWER_SECONDS * 1000:.0f} ms; everything shares this machine's cores"]
    return Part("Stock that changes everywhere", lines, figures, notes=notes)


async def run(skus: int, per_second: float) -> int:
    """Measure and print. Returns 1 if a bar was missed."""
    console = Console()
    try:
        part = await measure(skus, per_second, console)
    except BenchFailed as error:
        console.print(f"[red]{error}[/red]")
        return 1
    show(console, [part])
    return 0 if all(line.met is not False for line in part.lines) else 1


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else SKUS
    speed = float(sys.argv[2]) if len(sys.argv) > 2 else PER_SECOND
    sys.exit(uvloop.run(run(wanted, speed)))
