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
from collections.abc import Collection
from dataclasses import dataclass, field
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
BESIDE_RATE, BESIDE_SECONDS = 50.0, 12.0
STEPS = (25.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0)
STEP_SECONDS = 10.0
PROFILE_SECONDS = 10.0
SETTLE_SECONDS = 45.0
"""How long orders that are behind may take after the last was sent."""
LIMIT_SECONDS = 240.0
"""For all of it, once everything is up; what has been measured by then is told."""


class Bench:
    """Sends orders through a stand and reads from its sink what became of them."""

    def __init__(self, on: Stand, session: aiohttp.ClientSession, console: Console) -> None:
        self._on = on
        self._session = session
        self._console = console
        self._next = 1

    async def run(self, per_second: float, seconds: float, runs: list[Run], meter: Meter | None = None) -> Run:
        """Send at a steady rate, then wait until all is done, so that the next run begins with nothing under way.

        What came of it is appended to ``runs``. Raises BenchFailed if not all is done after ``SETTLE_SECONDS``.
        """
        numbers = range(self._next, self._next + round(per_second * seconds))
        self._next = numbers.stop
        sender = SteadySender(self._on.ingress_port, self._request)
        watching = asyncio.create_task(_watch(meter)) if meter is not None else None
        try:
            sent = await sender.run(numbers, per_second)
            if meter is not None:
                meter.stop()
            noted, missing = await self._settled(sent.accepted)
        finally:
            if watching is not None:
                watching.cancel()
            sender.close()
        runs.append(summary(per_second, sent, noted))
        self._console.print(f"  {per_second:.0f}/s: {runs[-1].whole} {runs[-1].trouble}", style="dim", highlight=False)
        if missing:
            raise BenchFailed(f"at {per_second:.0f}/s, {missing} orders were not done {SETTLE_SECONDS:.0f} s later")
        return runs[-1]

    def _request(self, order: int) -> bytes:
        return signed_request(self._on.secret, order, orders.body_of(order))

    async def _settled(self, accepted: Collection[int]) -> tuple[Noted, int]:
        """What the sink noted, once it has all of these orders and their statuses, and how many it has not."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            async with self._session.get(f"http://127.0.0.1:{self._on.sink_port}/bench/noted") as answer:
                document = orjson.loads(await answer.read())
            noted = Noted(
                {int(name.removeprefix(PREFIX)): moments for name, moments in document["created"].items()},
                {int(name): moment for name, moment in document["told"].items()},
            )
            missing = sum(order not in noted.told for order in accepted)
            if not missing or time.monotonic() > deadline:
                return noted, missing
            self._on.children.check()
            await asyncio.sleep(0.5)


async def _watch(meter: Meter) -> None:
    while True:
        meter.look()
        await asyncio.sleep(0.5)


@dataclass(slots=True)
class Found:
    """What has been measured so far.

    Attributes:
        idle, peak: memory by role, in bytes.
        rate: the main rate: the promised one, or the highest that was kept up with if that is lower.
        cores: processor cores kept busy by process, at the main rate.
        beside: with stock and the poller at work.
        main: at the main rate, for a minute.
        steps: at rising rates, for some seconds each.
        trouble: why there is no more of it.
    """

    idle: dict[str, int] = field(default_factory=dict)
    peak: dict[str, int] = field(default_factory=dict)
    rate: float = RATE
    cores: dict[str, float] = field(default_factory=dict)
    beside: list[Run] = field(default_factory=list)
    main: list[Run] = field(default_factory=list)
    steps: list[Run] = field(default_factory=list)
    profiles: dict[str, Profile] = field(default_factory=dict)
    trouble: str = ""

    @property
    def highest(self) -> float:
        """The highest rate that was kept up with; 0 if none was."""
        kept = (run.per_second for run in self.steps if run.kept_up and run.sender_held)
        return max(kept, default=0.0)

    def take_peak(self, meter: Meter) -> None:
        """Memory under load, as that meter saw it."""
        for name in self.idle:
            self.peak[name] = max(self.peak.get(name, 0), meter.peak.get(name, 0))


async def measure(directory: Path, console: Console) -> Part:
    """All roles for a moment, for their memory; then the way of an order alone, at rising rates and for a minute."""
    found = Found()
    async with stand(directory, console) as on, aiohttp.ClientSession() as session:
        await on.start_server(SINK, ["tests.bench.sink", str(on.sink_port)], on.sink_port)
        await on.start(*WAY, *BESIDE)
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                await _measure(on, Bench(on, session, console), found)
        except BenchFailed as error:
            found.trouble = str(error)
        except TimeoutError:
            found.trouble = f"not all of it was done within {LIMIT_SECONDS:.0f} s"
    return _part(found)


async def _measure(on: Stand, bench: Bench, found: Found) -> None:
    await asyncio.sleep(IDLE_SECONDS)
    everything = Meter(on.children.pids)
    found.idle = {name: size for name, size in everything.peak.items() if name != SINK}
    await bench.run(BESIDE_RATE, BESIDE_SECONDS, found.beside, everything)
    found.take_peak(everything)
    await on.children.stop(*(role.name for role in BESIDE))
    await _climb(bench, found)
    found.rate = RATE if found.highest >= RATE else found.highest or STEPS[0]
    alone = Meter(on.children.pids | on.services, families=[POSTGRES])
    try:
        await bench.run(found.rate, SECONDS, found.main, alone)
    finally:
        found.take_peak(alone)
        found.cores = alone.cores()
    pids = {role.name: on.children.pids[role.name] for role in WAY}
    looking = asyncio.create_task(profile(pids, PROFILE_SECONDS))
    try:
        await bench.run(found.rate, PROFILE_SECONDS + 1, [])
    finally:
        found.profiles = await looking


async def _climb(bench: Bench, found: Found) -> None:
    """Up until the pipeline no longer keeps up, then once between the last two."""
    for rate in STEPS:
        if not (await bench.run(rate, STEP_SECONDS, found.steps)).kept_up:
            break
    for (low, low_kept), (high, high_kept) in itertools.pairwise((run.per_second, run.kept_up) for run in found.steps):
        if low_kept and not high_kept:
            await bench.run((low + high) / 2, STEP_SECONDS, found.steps)


def _part(found: Found) -> Part:
    memory = {name: (size, found.peak.get(name, 0)) for name, size in found.idle.items()}
    lines = [
        *(line for run in found.main for line in _main_lines(run)),
        *(
            Line(f"{run.per_second:.0f} orders/s with stock and the poller at work too", _told(run))
            for run in found.beside
        ),
        Line("highest steady rate", f"{found.highest:.0f} orders/s", bar=f"≥ {RATE:.0f}/s", met=found.highest >= RATE),
        *(Line(f"cores kept busy at {found.rate:.0f}/s: {name}", f"{busy:.2f}") for name, busy in found.cores.items()),
        *(
            Line(f"memory of {name}, idle → under load", f"{idle / MEGABYTE:.0f} → {peak / MEGABYTE:.0f} MB")
            for name, (idle, peak) in memory.items()
        ),
    ]
    figures = {
        "at_rate": [dataclasses.asdict(run) for run in found.main],
        "with_stock_and_poller": [dataclasses.asdict(run) for run in found.beside],
        "steps": [dataclasses.asdict(run) for run in found.steps],
        "highest_rate": found.highest,
        "cores": found.cores,
        "memory_mb": {name: [idle / MEGABYTE, peak / MEGABYTE] for name, (idle, peak) in memory.items()},
    }
    notes = [
        "latency is from sending the webhook until its order's creation comes in at the sink, p50 / p95 / p99",
        "sender, sink, Kafka and PostgreSQL share this machine's cores with the roles",
        f"a rate is steady if after {STEP_SECONDS:.0f} s no more orders are under way than come in within a second",
        *([found.trouble] if found.trouble else []),
    ]
    return Part("Webhook to target", lines, figures, found.profiles, notes)


def _main_lines(main: Run) -> list[Line]:
    held = main.kept_up and main.sender_held
    fast = held and main.per_second >= RATE and main.whole.p99 <= BAR_MS
    return [
        Line(
            f"{main.per_second:.0f} orders/s for {SECONDS:.0f} s",
            _told(main),
            bar=f"{RATE:.0f}/s, p99 ≤ {BAR_MS:.0f} ms",
            met=fast,
        ),
        Line("  of the first 15 s", str(main.first)),
        Line("  of the last 15 s", str(main.last), bar="no growth", met=held and not main.grows),
        Line("  from the 202 on", str(main.after_ack)),
        Line("  until the number is back in the web store", str(main.told)),
    ]


def _told(run: Run) -> str:
    """The latency; one that was not measured under the rate that stands beside it says so."""
    return f"{run.whole}\n({run.trouble})" if run.trouble else str(run.whole)
