"""``tillstream backfill``: a flow's past, with its counts before and its progress meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.progress import Progress as Bar
from rich.progress import TaskID

from app.clock import SystemClock
from app.commands.preview import preview_feed
from app.commands.progress import bar
from app.commands.store import say, utc, with_store
from app.connections import replay_rate
from app.kafka_clients import publisher_of
from app.polling.backfill import BackfillRun, BackfillState, Progress, cursor_name
from app.polling.composed import feeds_of
from app.polling.feeds import ListFeed
from app.polling.polls import EVERYTHING
from app.polling.publishing import RowPublisher
from app.preview import Preview, ReadOnly
from app.settings import Settings
from app.store import Store
from app.systems import Systems
from app.ways import flows_of, no_such_flow, own_ways
from schemas.documents import FlowDocument
from schemas.envelope import Backfill
from streams.launch.report import ObserveReport
from streams.metrics import Metrics
from streams.ports import Publisher

PER_SECOND = 5.0
"""Rows a second where no target has a budget: what the shop sells meanwhile never waits long behind them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be published.

    Attributes:
        flow: the one flow that it is for.
        since: what happened then or later; None for everything there is.
        until: what changed until then; None for all, also what changes while it runs.
        per_second: rows; None for the targets' ``replay_share``.
        restart: begin anew where an earlier run was stopped.
    """

    flow: str
    since: datetime | None = None
    until: datetime | None = None
    per_second: float | None = None
    restart: bool = False

    def begin(self) -> BackfillState:
        """Of a run from the beginning."""
        return BackfillState.begin(self.since or EVERYTHING, self.until)


def mark(flow: str, since: datetime) -> Backfill:
    """What the events of a backfill carry."""
    return Backfill(flow, int(since.timestamp() * 1000))


async def backfill(settings: Settings, wanted: Wanted, confirm: Callable[[str], bool]) -> int:
    """Publish a flow's past, within the budgets. Returns 0 at its end; 1 if it is refused, or was stopped before."""
    kafka = publisher_of(settings.kafka, "backfill", Metrics())

    async def work(store: Store) -> int:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        try:
            return await publish(settings, wanted, store, kafka, confirm, stop)
        finally:
            await kafka.stop()

    return await with_store(settings, work, role="backfill")


async def publish(
    settings: Settings,
    wanted: Wanted,
    store: Store,
    publisher: Publisher,
    confirm: Callable[[str], bool],
    stop: asyncio.Event,
) -> int:
    """As `backfill`, on what is given, until ``stop`` is set."""
    async with _opened(settings, wanted) as (_, found):
        launched = any(cutover.way.flow == wanted.flow for cutover in await store.cutovers.current())
        for feed in found:
            if not await _publish(settings, wanted, store, publisher, feed, confirm, stop, launched=launched):
                return 1
    return 0 if found else 1


async def dry_run(settings: Settings, wanted: Wanted) -> int:
    """Tell what a backfill would do, from the systems as they are. Returns 0, or 1 if it is refused."""

    async def work(store: Store) -> int:
        async with _opened(settings, wanted) as (systems, found):
            preview, report = Preview(settings, store, systems), ObserveReport()
            for feed in found:
                since = wanted.since or EVERYTHING
                marked = mark(wanted.flow, since)
                codes = settings.gift_cards.codes
                await preview_feed(
                    feed, preview, report, [wanted.flow], since=since, until=wanted.until, backfill=marked, codes=codes
                )
            tallies = report.tallies()
        for (flow, target), tally in tallies.items():
            say(f"{flow} to {target}: {tally}. A backfill never mails, whatever the flow does else")
        say("Nothing is published, and nothing is written")
        return 0 if found else 1

    return await with_store(settings, work, role="backfill")


def share_of_the_budget(settings: Settings, flow: str) -> float:
    """Rows a second that leave new events their part of every target's budget."""
    system = flows_of(settings)[flow].deliver.target
    targets = [connection for connection in settings.connections.values() if connection.system == system]
    return replay_rate(target.budget for target in targets) or PER_SECOND


async def _publish(
    settings: Settings,
    wanted: Wanted,
    store: Store,
    publisher: Publisher,
    feed: ListFeed,
    confirm: Callable[[str], bool],
    stop: asyncio.Event,
    *,
    launched: bool,
) -> bool:
    """One list, after a person has agreed to its counts. True at its end."""
    clock, name = SystemClock(), cursor_name(wanted.flow, feed.name)
    left = None if wanted.restart else await _left_at(store, name)
    standing = left or wanted.begin()
    per_second = wanted.per_second or share_of_the_budget(settings, wanted.flow)
    rows = (await feed.page(standing.at, 1)).total or 0
    if left is not None:
        say(f"It goes on where it was stopped, after {left.published} rows, at {utc(left.at)}; --restart begins anew")
    _tell(wanted.flow, feed, standing, rows, per_second, launched=launched)
    if not confirm(f"Publish up to {rows} rows?"):
        say("Nothing is published")
        return False
    publishes = RowPublisher(
        publisher, clock, Metrics(), codes=settings.gift_cards.codes, backfill=mark(wanted.flow, standing.since)
    )
    run = BackfillRun(feed, name, store.cursors, publishes, clock, per_second=per_second)
    with bar() as shown:
        task = shown.add_task(feed.name, total=standing.published + rows, completed=standing.published)
        ended = await run.run(standing, lambda now: _show(shown, task, now), stop)
    if ended.done:
        say(f"{feed.name}: {ended.published} rows are published; tillstream observe {wanted.flow} counts what they do")
    else:
        say(f"{feed.name}: stopped after {ended.published} rows, at {utc(ended.at)}; the same command goes on there")
    return ended.done


async def _left_at(store: Store, name: str) -> BackfillState | None:
    stored = await store.cursors.get(name)
    standing = None if stored is None else BackfillState.read(stored)
    return None if standing is None or standing.done else standing


def _tell(flow: str, feed: ListFeed, standing: BackfillState, rows: int, per_second: float, *, launched: bool) -> None:
    takes = timedelta(seconds=round(rows / per_second))
    say(f"{rows} rows of {feed.name} changed since {utc(standing.at)}: at {per_second:g} a second that takes {takes}")
    if launched:
        say(f"'{flow}' writes those that happened at {utc(standing.since)} or later, and e-mails nobody for it")
    else:
        say(f"'{flow}' is not launched: it only observes, and `tillstream observe {flow}` counts what it would write")


@asynccontextmanager
async def _opened(settings: Settings, wanted: Wanted) -> AsyncIterator[tuple[Systems, list[ListFeed]]]:
    """The systems, and the flow's lists in them; none, and told why, if it has none."""
    systems = ReadOnly(settings)
    try:
        yield systems, _feeds(settings, wanted, systems)
    finally:
        await systems.close()


def _feeds(settings: Settings, wanted: Wanted, systems: Systems) -> list[ListFeed]:
    flows = flows_of(settings)
    flow = flows.get(wanted.flow)
    if flow is None:
        say(no_such_flow(wanted.flow, flows))
        return []
    if flow.normalize is None:
        say(f"'{flow.id}' has no source of its own: backfill the flow that makes '{flow.deliver.entity}'")
        return []
    return _told(flow, _of(flow, settings, feeds_of(settings.polling, systems, [flow.normalize.source.key])))


def _of(flow: FlowDocument, settings: Settings, found: Sequence[ListFeed]) -> list[ListFeed]:
    sources = {way.source for way in own_ways(flow, flows_of(settings), settings)}
    return [feed for feed in found if feed.connection in sources]


def _told(flow: FlowDocument, found: list[ListFeed]) -> list[ListFeed]:
    if not found:
        say(f"'{flow.id}' has no list that could be read: no channel joins its connections")
    return found


def _show(shown: Bar, task: TaskID, now: Progress) -> None:
    shown.update(task, completed=now.published, total=now.total)
