"""``make outage TARGET=pos MINUTES=10``: a target cannot be reached in the middle of traffic, and comes back.

Only Tillstream is cut off from it, by the proxy: the shop goes on in both systems, so that work piles up for the one
target while the other has as much to do as before. Exit code 0 if everything was delivered in order, nothing waits for
a person, and the other target was no slower meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

from app.demo.balance import StoreView
from app.demo.options import DemoOptions
from app.demo.programs import CONNECTIONS, POS, WEB, books_of, deeds_of
from app.demo.report import percentiles
from schemas.envelope import received_ms_of
from tests.chaos.books import Verdict, examine
from tests.chaos.drain import drain, receipts_of
from tests.chaos.running import NOT_EMPTY, console, run_alone, shop, tell_findings, tell_verdict, tell_wrong
from tests.chaos.state import write_durably
from tests.chaos.trade import Trade, counters
from tests.chaos.world import World, world

ROOT = Path(".tillstream/outage")
BEFORE_SECONDS = 90.0
"""Trade before the outage, to compare with; its first third is left out, as things get warm."""
AFTER_SECONDS = 30.0
TELL_EVERY = 15.0
SLOWER = 1.5
"""So much may the other target's median grow before it counts as slower: the machine is shared with the backlog."""
LATENCIES = """
SELECT receipt_id, at FROM journal
WHERE outcome = 'delivered' AND target = $1 AND receipt_id NOT LIKE '%.%' AND at BETWEEN $2 AND $3
"""
WAITING = "SELECT count(*) FROM held WHERE target = $1 AND reason <> 'person'"


@dataclass(frozen=True, slots=True)
class Outage:
    """What an outage did.

    Attributes:
        held: events of the target in the held table when it came back.
        before, meanwhile: milliseconds of the other target, from the door to the effect.
        caught_up: seconds from its return until nothing was under way.
    """

    held: int
    before: list[float]
    meanwhile: list[float]
    caught_up: float

    @property
    def slower(self) -> float:
        """The other target's median meanwhile to that before."""
        return percentiles(self.meanwhile)["p50"] / percentiles(self.before)["p50"]


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.outage")
    parser.add_argument("target", choices=sorted(CONNECTIONS))
    parser.add_argument("--minutes", type=float, default=10.0)
    given = parser.parse_args()
    directory, told_on = ROOT / given.target, console()

    def begin() -> Coroutine[Any, Any, int]:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        return _run(shop(directory), given.target, given.minutes * 60, told_on)

    return run_alone(directory, told_on, begin, again="starts a new one")


async def _run(options: DemoOptions, target: str, seconds: float, console: Console) -> int:
    async with world(options, console.print) as whole, StoreView.open(whole.postgres) as view:
        await whole.panels.put(faults=False, webhooks=True)
        shut = asyncio.Event()
        trade = Trade(whole, options, deeds_of(options.directory), seed=options.seed)
        trading = asyncio.create_task(trade.run(shut, mistakes=False))
        try:
            outage = await _cut_off(whole, target, seconds, shut, trading, view, console)
        finally:
            trading.cancel()
            await asyncio.gather(trading, return_exceptions=True)
        if outage is None:
            tell_wrong(console, NOT_EMPTY)
            return 1
        deeds = deeds_of(options.directory).read()
        verdict = examine(books_of(options.directory), deeds, counters(options), await receipts_of(whole.postgres))
        return _report(options, target, outage, verdict, len(await view.review()), console)


async def _cut_off(
    whole: World,
    target: str,
    seconds: float,
    shut: asyncio.Event,
    trading: asyncio.Task[None],
    view: StoreView,
    console: Console,
) -> Outage | None:
    """Trade, cut the target off, give it back, and let the pipe run empty. None if it does not."""
    other, proxy = WEB if target == POS else POS, whole.proxies[CONNECTIONS[target]]
    began = datetime.now(UTC)
    await _tell(console, f"trades before {target} goes", BEFORE_SECONDS)
    gone = datetime.now(UTC)
    proxy.refuse()
    await _tell(console, f"{target} cannot be reached", seconds)
    held = await _count(whole.postgres, WAITING, target)
    back = datetime.now(UTC)
    proxy.admit()
    returned = time.monotonic()
    await _tell(console, f"{target} is back", AFTER_SECONDS)
    shut.set()
    await trading
    if not await drain(whole, view, console.print):
        return None
    caught_up = time.monotonic() - returned
    warm = began + (gone - began) / 3
    before = await _latencies(whole.postgres, other, warm, gone)
    return Outage(held, before, await _latencies(whole.postgres, other, gone, back), caught_up)


async def _tell(console: Console, what: str, seconds: float) -> None:
    left = seconds
    while left > 0:
        console.print(f"{what}: {left:.0f} s more")
        await asyncio.sleep(min(left, TELL_EVERY))
        left -= TELL_EVERY


async def _latencies(url: str, target: str, since: datetime, until: datetime) -> list[float]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(LATENCIES, target, since, until)
    finally:
        await connection.close()
    return [row["at"].timestamp() * 1000 - received_ms_of(row["receipt_id"]) for row in rows]


async def _count(url: str, sql: str, target: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(sql, target))
    finally:
        await connection.close()


def _report(options: DemoOptions, target: str, outage: Outage, verdict: Verdict, review: int, console: Console) -> int:
    other = WEB if target == POS else POS
    table = Table(title=f"{target} could not be reached", title_justify="left")
    for name in (f"{other}, receipt to effect", "effects", "p50 ms", "p95 ms", "p99 ms"):
        table.add_column(name, justify="left" if name.startswith(other) else "right")
    for name, latencies in (("before", outage.before), ("meanwhile", outage.meanwhile)):
        shown = percentiles(latencies)
        table.add_row(name, str(len(latencies)), *(f"{shown[p]:.0f}" for p in ("p50", "p95", "p99")))
    console.print(table)
    console.print(
        f"{verdict.orders} web orders, {verdict.skus} SKUs; {outage.held} events of {target} were in the held table "
        f"when it came back, the rest waited in Kafka; all was delivered {outage.caught_up:.0f} s after its return"
    )
    tell_findings(console, verdict.findings)
    if review:
        tell_wrong(console, f"{review} events wait for a person")
    if outage.slower > SLOWER:
        tell_wrong(console, f"{other} was slower meanwhile: its median grew {outage.slower:.1f} times")
    clean = not verdict.findings and not review and outage.slower <= SLOWER
    write_durably(
        options.directory / "report.json",
        {
            "target": target,
            "clean": clean,
            "orders": verdict.orders,
            "skus": verdict.skus,
            "review": review,
            "held": outage.held,
            "caught_up_seconds": round(outage.caught_up, 1),
            "before_ms": percentiles(outage.before),
            "meanwhile_ms": percentiles(outage.meanwhile),
            "findings": [str(finding) for finding in verdict.findings],
        },
    )
    return tell_verdict(console, options.directory, clean=clean)


if __name__ == "__main__":
    sys.exit(main())
