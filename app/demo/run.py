"""The demo from curtain to balance: set up, trade, drain, audit."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import uvloop
from rich.console import Console
from rich.live import Live

from app.demo import kills, programs
from app.demo.audit.run import audit
from app.demo.balance import Review, StoreView
from app.demo.deeds import Deeds, DeedsFile, Expect
from app.demo.door import Door
from app.demo.drain import under_way, until_quiet
from app.demo.faults import Panels
from app.demo.options import DemoOptions
from app.demo.programs import WEB
from app.demo.report import Report, percentiles
from app.demo.screen import Scene, Screen
from app.demo.shop import Shop
from app.demo.staff import Premises, open_shop
from app.demo.theatre import DemoFailed, Theatre, theatre
from app.demo.watch import scrape
from app.local.process import end_orphans
from app.settings import KafkaSettings

DRAIN_SECONDS = 240.0
LOOK_EVERY = 1.0
TELL_EVERY = 5.0


def run_demo(options: DemoOptions) -> int:
    """Run the demo to its balance. Returns 0 if nothing is lost, doubled or different, else 1."""
    console = Console(highlight=False)
    with only_demo(options.directory) as other:
        if other:
            console.print(f"A demo runs here already (pid {other}): end it with Ctrl-C in its terminal.")
            return 1
        return _run_alone(options, console)


def _run_alone(options: DemoOptions, console: Console) -> int:
    stop_demo(options)
    shutil.rmtree(options.directory, ignore_errors=True)
    options.directory.mkdir(parents=True)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            report = runner.run(_run(options, console))
    except DemoFailed as error:
        console.print(f"[red]The demo did not start:[/red] {error}")
        return 1
    report.write(options.directory / "report.json")
    report.show(console)
    console.print(f"as JSON: {options.directory / 'report.json'}; every role's log: {options.directory}/*.log")
    return 0 if report.clean else 1


@contextmanager
def only_demo(directory: Path) -> Iterator[str]:
    """Keep others from starting a demo in this directory; yields the process id of one that runs, else nothing."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with directory.with_suffix(".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            yield file.read().strip() or "unknown"
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield ""


def stop_demo(options: DemoOptions) -> int:
    """End what an earlier demo left running. Returns 0."""
    ended = end_orphans(options.directory) if options.directory.exists() else 0
    if ended:
        Console().print(f"ended {ended} process{'es' * (ended > 1)} of an earlier demo")
    return 0


@dataclass(slots=True)
class _Run:
    """One run: what it looks at and what it draws."""

    options: DemoOptions
    theatre: Theatre
    session: aiohttp.ClientSession
    view: StoreView
    scene: Scene
    deeds: DeedsFile
    panels: Panels
    console: Console
    blows: list[str] = field(default_factory=list)


async def _run(options: DemoOptions, console: Console) -> Report:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        theatre(options, console) as stage,
        StoreView.open(stage.addresses.postgres) as view,
        aiohttp.ClientSession() as session,
    ):
        panels = Panels(session, {"magento": stage.addresses.magento, "heartland": stage.addresses.heartland})
        scene, deeds = Scene(addresses=stage.shown), programs.deeds_of(options.directory)
        run = _Run(options, stage, session, view, scene, deeds, panels, console)
        _tell_addresses(console, run)
        async with _shown(run, Screen(console)):
            await panels.put(faults=options.faults, webhooks=options.webhooks)
            with _violence(run):
                seconds = await _trade(run, stop)
                drained = await _drain(run)
        return await _settle(run, seconds, drained=drained)


def _tell_addresses(console: Console, run: _Run) -> None:
    console.print("everything runs:")
    for name, url in run.scene.addresses.items():
        console.print(f"  {name:16} {url}  pid {run.theatre.processes.pids[name]}")
    console.print(f"for a second terminal: source {run.options.directory / 'env'}")


# -- Watching ----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _shown(run: _Run, screen: Screen) -> AsyncIterator[None]:
    """Draw the scene until the block ends: in place on a terminal, else a line now and then."""
    if screen.live:
        with Live(screen.draw(run.scene), console=screen.console, refresh_per_second=4) as live:
            watcher = asyncio.create_task(_watch(run, lambda: live.update(screen.draw(run.scene)), LOOK_EVERY))
            try:
                yield
            finally:
                watcher.cancel()
        return
    watcher = asyncio.create_task(
        _watch(run, lambda: screen.console.print(screen.line(run.scene), soft_wrap=True), TELL_EVERY)
    )
    try:
        yield
    finally:
        watcher.cancel()


async def _watch(run: _Run, draw: Callable[[], None], every: float) -> None:
    while True:
        scene = run.scene
        scene.snapshot = await scrape(run.session, run.theatre.roles)
        scene.restarts = run.theatre.processes.restarts
        scene.parked = await run.view.parked()
        scene.review = [(item.subject, item.message, item.receipt_id) for item in await run.view.review()]
        scene.faults = sum((await run.panels.fired()).values(), Counter())
        draw()
        await asyncio.sleep(every)


# -- Violence ----------------------------------------------------------------------------------------------------


@contextmanager
def _violence(run: _Run) -> Iterator[None]:
    """Kill and freeze workers from now on, if the demo is asked to."""
    if not run.options.kills:
        yield
        return

    def told(blow: kills.Blow) -> None:
        run.blows.append(str(blow))
        run.console.print(f"the demo {blow}")

    blows = kills.plan(run.theatre.roles, run.options.seconds)
    striker = asyncio.create_task(kills.strike(run.theatre.processes, blows, told))
    try:
        yield
    finally:
        striker.cancel()


# -- Trading and draining ----------------------------------------------------------------------------------------


async def _trade(run: _Run, stop: asyncio.Event) -> float:
    """Let the shop trade for the given time, or until Ctrl-C. Returns the seconds."""
    options = run.options
    run.scene.phase = "trading"
    shop = _shop(run)
    run.scene.tally = shop.tally
    began = time.monotonic()
    if options.seconds:
        asyncio.get_running_loop().call_later(options.seconds, stop.set)
    await shop.trade(stop, orders_per_second=options.orders_per_second, changes_per_second=options.changes_per_second)
    return time.monotonic() - began


def _shop(run: _Run) -> Shop:
    stage, session = run.theatre, run.session
    addresses = stage.addresses
    door = Door(session, f"{addresses.ingress}/webhooks/{WEB}", stage.secrets[WEB])
    premises = Premises(session, addresses.magento, addresses.heartland, stage.credentials, door.send)
    return open_shop(premises, run.options, run.deeds, seed=run.options.seed)


async def _drain(run: _Run) -> bool:
    """Wait until nothing is in flight or parked, and no stock in doubt. False if it takes too long."""
    run.scene.phase = "draining"
    deadline = time.monotonic() + DRAIN_SECONDS
    books = programs.books_of(run.options.directory)
    async for _ in until_quiet(lambda: under_way(books, run.view, _kafka(run)), LOOK_EVERY):
        if time.monotonic() >= deadline:
            return False
    return True


def _kafka(run: _Run) -> KafkaSettings:
    return KafkaSettings(bootstrap_servers=run.theatre.addresses.kafka)


# -- The balance -------------------------------------------------------------------------------------------------


async def _settle(run: _Run, seconds: float, *, drained: bool) -> Report:
    deeds = run.deeds.read()
    return Report(
        kafka=run.theatre.kafka,
        seconds=seconds,
        audit=audit(programs.books_of(run.options.directory), deeds),
        balance=await run.view.balance(_kafka(run), programs.WAY),
        drained=drained,
        review_problems=_review_problems(deeds, await run.view.review()),
        faults=await run.panels.fired(),
        blows=run.blows,
        latency_ms=percentiles(await run.view.latencies()),
        shop_met=run.scene.tally.problems,
    )


def _review_problems(deeds: Deeds, review: Sequence[Review]) -> list[str]:
    """Review must hold what the shop did wrong, and nothing else."""
    broken = {order.number for order in deeds.orders.values() if order.expect is Expect.REVIEW}
    wrong = {event.receipt_id for event in deeds.invalid}
    strangers = [item for item in review if item.subject not in broken and item.receipt_id not in wrong]
    missing = wrong - {item.receipt_id for item in review}
    return [
        *(f"in review without cause: {item.subject}: {item.message}" for item in strangers),
        *(f"not in review: the invalid event {receipt}" for receipt in sorted(missing)),
    ]
