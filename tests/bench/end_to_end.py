"""From the webhook to the order in the target: latency at a steady rate, and the highest rate that is kept up with.

Every order is signed and sent to the door, is in Kafka before it is acknowledged, is normalised, is in the ledger
before it is sent, is looked up and created in the point of sale, is confirmed through Kafka, and has its number and
status written back to the web store. The target is a sink that answers at once.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson
from rich.console import Console

from app.demo.programs import PREFIX
from tests.bench import orders
from tests.bench.children import BenchFailed
from tests.bench.latency import Noted, Run, summary
from tests.bench.profiling import Profile, profile
from tests.bench.report import Line, Part
from tests.bench.resources import MEGABYTE, Meter
from tests.bench.sender import SteadySender, signed_request
from tests.bench.stand import (
    DELIVER_POS,
    DELIVER_WEB,
    INGRESS,
    INVENTORY,
    NORMALIZE,
    POLL,
    POSTGRES,
    Role,
    Stand,
    stand,
)

RATE, SECONDS, BAR_MS = 200.0, 60.0, 100.0
WAY: tuple[Role, ...] = (INGRESS, NORMALIZE, DELIVER_POS, DELIVER_WEB)
"""What an order passes on its way, and what writes its status back."""
BESIDE: tuple[Role, ...] = (INVENTORY, POLL)
"""What runs in a shop besides: stock, which sales change too, and the poller."""
SINK = "sink"
IDLE_SECONDS = 3.0
BESIDE_SECONDS = 15.0
STEPS = (50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0, 600.0)
STEP_SECONDS = 10.0
PROFILE_SECONDS = 10.0
SETTLE_SECONDS = 60.0
"""How long orders that are behind may take after the last was sent."""


class Bench:
    """Sends orders through a stand and reads from its sink what became of them."""

    def __init__(self, on: Stand, session: aiohttp.ClientSession, console: Console) -> None:
        self._on = on
        self._session = session
        self._console = console
        self._next = 1

    async def run(self, per_second: float, seconds: float, *, meter: Meter | None = None) -> Run:
        """Send at a steady rate; returns when all is done, so that the next run begins with nothing under way.

        Raises BenchFailed if that takes longer than ``SETTLE_SECONDS``.
        """
        numbers = range(self._next, self._next + round(per_second * seconds))
        self._next = numbers.stop
        sender = SteadySender(self._on.ingress_port, self._request)
        watching = asyncio.create_task(self._watch(meter))
        try:
            sent = await sender.run(numbers, per_second)
            noted = await self._settled(numbers, time.monotonic() + SETTLE_SECONDS)
        finally:
            watching.cancel()
            sender.close()
        found = summary(per_second, sent, noted)
        self._console.print(f"  {per_second:.0f}/s: {found.whole} {found.trouble}", style="dim", highlight=False)
        return found

    def _request(self, order: int) -> bytes:
        return signed_request(self._on.secret, order, orders.body_of(order))

    async def _settled(self, numbers: range, deadline: float) -> Noted:
        """What the sink noted, once it has all of these orders and their statuses."""
        while True:
            async with self._session.get(f"http://127.0.0.1:{self._on.sink_port}/bench/noted") as answer:
                document = orjson.loads(await answer.read())
            noted = Noted(
                {int(name.removeprefix(PREFIX)): moments for name, moments in document["created"].items()},
                {int(name): moment for name, moment in document["told"].items()},
            )
            missing = sum(order not in noted.told for order in numbers)
            if not missing:
                return noted
            if time.monotonic() > deadline:
                raise BenchFailed(
                    f"{missing} of {len(numbers)} orders are not done {SETTLE_SECONDS:.0f} s after the last"
                )
            await asyncio.sleep(0.5)

    async def _watch(self, meter: Meter | None) -> None:
        while True:
            self._on.children.check()
            if meter is not None:
                meter.look()
            await asyncio.sleep(0.5)


async def measure(directory: Path, console: Console) -> Part:
    """All roles for a moment, for their memory; then the way of an order alone, at one rate and at others."""
    async with _sink_and_session(directory, console) as (on, session):
        await on.start(*WAY, *BESIDE)
        await asyncio.sleep(IDLE_SECONDS)
        bench = Bench(on, session, console)
        everything = Meter(on.children.pids)
        idle = dict(everything.peak)
        with_stock = await bench.run(RATE, BESIDE_SECONDS, meter=everything)
        await on.children.stop(*(role.name for role in BESIDE))
        alone = Meter(on.children.pids | on.services, families=[POSTGRES])
        main = await bench.run(RATE, SECONDS, meter=alone)
        cores = alone.cores()
        steps = await _steps(bench, main)
        kept = max((run.per_second for run in (main, *steps) if run.kept_up and run.sender_held), default=0.0)
        profiles = await _profiles(bench, on, min(RATE, kept) or STEPS[0])
    peak = {name: max(size, alone.peak.get(name, 0)) for name, size in everything.peak.items()}
    lines = [
        *_main_lines(main, with_stock),
        Line("highest steady rate", f"{kept:.0f} orders/s"),
        *(Line(f"cores kept busy at {RATE:.0f}/s: {name}", f"{busy:.2f}") for name, busy in cores.items()),
        *(
            Line(f"memory of {name}, idle → under load", f"{size / MEGABYTE:.0f} → {peak[name] / MEGABYTE:.0f} MB")
            for name, size in idle.items()
            if name != SINK
        ),
    ]
    figures = {
        "at_rate": dataclasses.asdict(main),
        "with_stock_and_poller": dataclasses.asdict(with_stock),
        "steps": [dataclasses.asdict(run) for run in steps],
        "highest_rate": kept,
        "cores": cores,
        "idle_mb": {name: size / MEGABYTE for name, size in idle.items()},
        "peak_mb": {name: size / MEGABYTE for name, size in peak.items()},
    }
    notes = [
        "latency is from sending the webhook until its order's creation comes in at the sink, p50 / p95 / p99",
        "sender, sink, Kafka and PostgreSQL share this machine's cores with the roles",
        f"a rate is steady if after {STEP_SECONDS:.0f} s no more orders are under way than come in within a second",
    ]
    return Part("Webhook to target", lines, figures, profiles, notes)


@asynccontextmanager
async def _sink_and_session(directory: Path, console: Console) -> AsyncIterator[tuple[Stand, aiohttp.ClientSession]]:
    async with stand(directory, console) as on, aiohttp.ClientSession() as session:
        await on.start_server(SINK, ["tests.bench.sink", str(on.sink_port)], on.sink_port)
        yield on, session


def _main_lines(main: Run, with_stock: Run) -> list[Line]:
    held = main.kept_up and main.sender_held
    return [
        Line(
            f"{main.per_second:.0f} orders/s for {SECONDS:.0f} s",
            _told(main, str(main.whole)),
            bar=f"p99 ≤ {BAR_MS:.0f} ms",
            met=held and main.whole.p99 <= BAR_MS,
        ),
        Line("  of the first 15 s", str(main.first)),
        Line("  of the last 15 s", str(main.last), bar="no growth", met=held and not main.grows),
        Line("  from the 202 on", str(main.after_ack)),
        Line("  until the number is back in the web store", str(main.told)),
        Line(
            f"  for {BESIDE_SECONDS:.0f} s, with stock and the poller at work too",
            _told(with_stock, str(with_stock.whole)),
        ),
    ]


def _told(run: Run, figure: str) -> str:
    """A figure that was not measured under the rate that stands beside it says so."""
    return f"{figure}\n({run.trouble})" if run.trouble else figure


async def _steps(bench: Bench, main: Run) -> list[Run]:
    """Up from the main rate while the pipeline keeps up, else down until it does; then once between the two."""
    runs: list[Run] = []
    up = main.kept_up
    rates = [rate for rate in STEPS if (rate > RATE if up else rate < RATE)]
    for rate in rates if up else reversed(rates):
        runs.append(await bench.run(rate, STEP_SECONDS))
        if runs[-1].kept_up != up:
            break
    around = sorted((run.per_second, run.kept_up) for run in (main, *runs))
    for (low, low_kept), (high, high_kept) in itertools.pairwise(around):
        if low_kept and not high_kept:
            runs.append(await bench.run((low + high) / 2, STEP_SECONDS))
    return runs


async def _profiles(bench: Bench, on: Stand, rate: float) -> dict[str, Profile]:
    """What the processes on the way do at that rate; what it takes meanwhile is not counted."""
    pids = {role.name: on.children.pids[role.name] for role in WAY}
    looking = asyncio.create_task(profile(pids, PROFILE_SECONDS))
    await bench.run(rate, PROFILE_SECONDS + 1)
    return await looking
