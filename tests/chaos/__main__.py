"""``make chaos KILLS=200 SEED=1``: a whole shop under blows, and the books afterwards.

A run that was interrupted goes on where it was when the same one is asked for again. Exit code 0 only if nothing is
lost, doubled, different or out of order, and every failpoint was hit; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from app.demo.audit.books import Books
from app.demo.balance import Review, StoreView
from app.demo.options import DemoOptions
from app.demo.programs import books_of, deeds_of
from tests.chaos.books import Verdict, examine, moments
from tests.chaos.drain import drain, receipts_of
from tests.chaos.plan import Strike, plan
from tests.chaos.recovery import Recovery
from tests.chaos.running import NOT_EMPTY, console, run_alone, shop, tell_findings, tell_verdict, tell_wrong
from tests.chaos.state import State, Struck, write_durably
from tests.chaos.strikes import Striker, Told
from tests.chaos.table import RECOVERY, lines, never_hit, picture, totals
from tests.chaos.trade import Trade, counters
from tests.chaos.world import World, world

ROOT = Path(".tillstream/chaos")
STATE = "state.json"
WARM_UP_SECONDS = 5.0
INTERRUPTED = 130


@dataclass(slots=True)
class Run:
    """One run, on its directory."""

    options: DemoOptions
    strikes: Sequence[Strike]
    state: State
    console: Console

    @property
    def directory(self) -> Path:
        """Where all of it lies."""
        return self.options.directory

    @property
    def books(self) -> Books:
        """Where the judge looks."""
        return books_of(self.directory)

    def keep(self) -> None:
        """Write down how far it is."""
        self.state.write(self.directory / STATE)


def main() -> int:
    """Read the arguments, run or go on."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=200, help="strikes in all")
    parser.add_argument("--seed", type=int, default=1, help="of the plan, the shop and the faults")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="of the trade; 1 is an order and 3 stock changes a second"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="where runs keep their data")
    given = parser.parse_args()
    try:
        strikes = plan(given.seed, given.kills)
    except ValueError as error:
        parser.error(str(error))
    directory, told_on = given.root / str(given.seed), console()

    def begin() -> Coroutine[Any, Any, int]:
        options = shop(directory, seed=given.seed, pace=given.pace)
        return _run(Run(options, strikes, _begun(directory, given.seed, given.kills, told_on), told_on))

    return run_alone(directory, told_on, begin, again="goes on from here")


def _begun(directory: Path, seed: int, kills: int, console: Console) -> State:
    """The state of the run that was interrupted, or of a new one."""
    state = State.read(directory / STATE)
    if state is None or state.kills != kills or (directory / "report.json").exists():
        shutil.rmtree(directory, ignore_errors=True)
        state = State(seed, kills)
    else:
        console.print(f"goes on with {kills - len(state.struck)} of {kills} strikes")
    directory.mkdir(parents=True, exist_ok=True)
    state.write(directory / STATE)
    return state


async def _run(run: Run) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with world(run.options, run.console.print) as whole, StoreView.open(whole.postgres) as view:
        await whole.panels.put(faults=True, webhooks=True)
        recovery = Recovery(whole.broker.bootstrap_servers, [run.books.magento, run.books.heartland])
        watching = asyncio.create_task(recovery.run())
        working = asyncio.create_task(_strike_and_drain(run, whole, recovery, view))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                run.console.print("interrupted; the same command goes on from here")
                return INTERRUPTED
            drained = working.result()
        finally:
            for task in (watching, working, stopping):
                task.cancel()
            await asyncio.gather(watching, working, stopping, return_exceptions=True)
        deeds = deeds_of(run.directory).read()
        verdict = examine(run.books, deeds, counters(run.options), await receipts_of(whole.postgres))
        return _report(run, verdict, drained=drained, review=await view.review())


async def _strike_and_drain(run: Run, whole: World, recovery: Recovery, view: StoreView) -> bool:
    """Trade and strike until the plan is done, and let the pipe run empty. False if it does not."""
    trade = Trade(whole, run.options, deeds_of(run.directory), seed=run.state.seed * 1000 + len(run.state.struck))
    striker = Striker(whole, recovery, trade.shop.order_unknown, _teller(run, trade))
    shut = asyncio.Event()
    trading = asyncio.create_task(trade.run(shut, mistakes=not run.state.traded))
    try:
        await asyncio.sleep(WARM_UP_SECONDS)
        await recovery.looked.wait()
        run.state.traded = True
        run.keep()
        await striker.run([strike for strike in run.strikes if strike.number not in run.state.struck])
        shut.set()
        await trading
        drained = await drain(whole, view, run.console.print)
        await striker.recovered()
        return drained
    finally:
        trading.cancel()
        await asyncio.gather(trading, striker.stop(), return_exceptions=True)


def _teller(run: Run, trade: Trade) -> Told:
    began = time.monotonic()

    def told(strike: Strike, struck: Struck) -> None:
        run.state.struck[strike.number] = struck
        run.keep()
        over = "not recovered in time" if struck.seconds is None else f"over it after {struck.seconds:.1f} s"
        tally = trade.shop.tally
        run.console.print(
            f"{time.monotonic() - began:5.0f} s  {len(run.state.struck)}/{len(run.strikes)}  {strike}: "
            f"{'hit, ' + over if struck.hit else 'NOT hit'}  "
            f"(orders {tally.orders}, stock changes {tally.changes}, problems of the shop {len(tally.problems)})"
        )

    return told


def _report(run: Run, verdict: Verdict, *, drained: bool, review: Sequence[Review]) -> int:
    findings = [(finding, moments(run.books, finding.subject)) for finding in verdict.findings]
    table = lines(run.strikes, run.state.struck, findings)
    total = totals(table, verdict.findings)
    missed = never_hit(run.strikes, run.state.struck)
    clean = not verdict.findings and not missed and drained
    write_durably(
        run.directory / "report.json",
        {
            "seed": run.state.seed,
            "kills": run.state.kills,
            "clean": clean,
            "drained": drained,
            "orders": verdict.orders,
            "webhooks": verdict.webhooks,
            "skus": verdict.skus,
            "counter_writes": verdict.written,
            "counter_writes_overtaken": verdict.overtaken,
            "faults": {name: line.as_json() for name, line in table.items()},
            "total": total.as_json(),
            "never_hit": missed,
            "findings": [asdict(finding) | {"at": at} for finding, at in findings],
            "review": [asdict(item) for item in review],
        },
    )
    run.console.print(picture(table, total))
    run.console.print(RECOVERY)
    run.console.print(
        f"{verdict.orders} web orders, {verdict.webhooks} webhooks answered by a 2xx, {verdict.skus} SKUs; "
        f"{verdict.written} quantities written of goods that only come in, {verdict.overtaken} of them by a late "
        f"effect after a newer one; {len(review)} events wait for a person"
    )
    tell_findings(run.console, verdict.findings)
    for point in missed:
        tell_wrong(run.console, f"the failpoint {point} was never hit")
    if not drained:
        tell_wrong(run.console, NOT_EMPTY)
    return tell_verdict(run.console, run.directory, clean=clean)


if __name__ == "__main__":
    sys.exit(main())
