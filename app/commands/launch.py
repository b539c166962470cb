"""``tillstream launch``: lets a flow write from an instant on, or only observe again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import SystemClock
from app.commands.store import say, utc, with_store
from app.settings import Settings
from app.store import Store
from app.store.observations import Observations
from app.ways import all_ways, flows_of, no_such_flow, own_ways
from schemas.documents import FlowDocument
from streams.deliver.operations import OPERATIONS
from streams.launch.load_order import missing, unfit
from streams.launch.report import ObserveReport, Place, Tally
from streams.ports import Cutover, Way

REPORT_DAYS = 7
"""How far back the report goes that is shown before a launch."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be launched.

    Attributes:
        flow: its id.
        since: the cutover; None for now.
        connection: only the ways from or to this connection; None for all.
        by: who says so.
        anyway: why it is launched although something stands before it; empty if it is not.
    """

    flow: str
    since: datetime | None
    connection: str | None
    by: str
    anyway: str = ""


async def launch(settings: Settings, wanted: Wanted, confirm: Callable[[str], bool]) -> int:
    """Launch a flow, after its report was shown and a person agreed. Returns 1 if it is refused."""
    flows = flows_of(settings)
    flow = flows.get(wanted.flow)
    if flow is None:
        say(no_such_flow(wanted.flow, flows))
        return 1

    async def work(store: Store) -> int:
        own, every = _chosen(wanted, flow, flows, settings), all_ways(flows, settings)
        known = {cutover.way: cutover for cutover in await store.cutovers.current()}
        if why := unfit(flow, every) or ("" if own else f"it does not go from or to '{wanted.connection}'"):
            return _refused(wanted, [why])
        now = SystemClock().now()
        reports = await _reports(store, now)
        before = missing(flow, list(flows.values()), every, known, reports)
        if before and not wanted.anyway:
            return _refused(wanted, [*before, "or, if you know better: --anyway 'why'"])
        at = wanted.since or now
        open_ways = [way for way in own if wanted.since is not None or way not in known]
        if not open_ways:
            return _launched_already([known[way] for way in own])
        _tell_report(flow, reports)
        for reason in before:
            say(f"Although {reason}")
        _tell_plan(flow, open_ways, at, known)
        if not confirm(f"Launch {flow.id}?"):
            say("Nothing is changed")
            return 1
        for way in open_ways:
            await store.cutovers.launch(way, at, by=f"{wanted.by} ({wanted.anyway})" if before else wanted.by)
        if wanted.since is not None:
            say(f"What was only observed since then: tillstream backfill {flow.id} --since {at:%Y-%m-%dT%H:%M}")
        say(f"'{flow.id}' writes within seconds, without a restart. Back: tillstream launch {flow.id} --undo")
        return 0

    return await with_store(settings, work)


async def undo(settings: Settings, wanted: Wanted) -> int:
    """Let a flow only observe again. Returns 1 if it did already."""
    flows = flows_of(settings)
    flow = flows.get(wanted.flow)
    if flow is None:
        say(no_such_flow(wanted.flow, flows))
        return 1

    async def work(store: Store) -> int:
        own = [cutover.way for cutover in await store.cutovers.current() if cutover.way.flow == wanted.flow]
        chosen = [way for way in own if wanted.connection in (None, *way[1:])]
        ended = [way for way in chosen if await store.cutovers.undo(way, by=wanted.by)]
        for way in ended:
            say(f"'{way}' only observes within seconds: what comes now is not written, and not kept for later either")
        if not ended:
            say(f"'{wanted.flow}' is not launched, it only observes")
        return 0 if ended else 1

    return await with_store(settings, work)


async def show(settings: Settings) -> int:
    """Tell which flows are launched, and what the others wait for. Returns 0."""
    flows = flows_of(settings)

    async def work(store: Store) -> int:
        known = {cutover.way: cutover for cutover in await store.cutovers.current()}
        every, reports = all_ways(flows, settings), await _reports(store, SystemClock().now())
        for way in every:
            cutover, flow = known.get(way), flows[way.flow]
            why = unfit(flow, every)
            reasons = [why] if why else missing(flow, list(flows.values()), every, known, reports)
            waits = f", and waits: {'; '.join(reasons)}" if reasons else f": tillstream launch {way.flow}"
            say(f"{way}: {_told(cutover) if cutover else f'only observes{waits}'}")
        return 0

    return await with_store(settings, work)


def _chosen(wanted: Wanted, flow: FlowDocument, flows: Mapping[str, FlowDocument], settings: Settings) -> list[Way]:
    return [way for way in own_ways(flow, flows, settings) if wanted.connection in (None, *way[1:])]


async def _reports(store: Store, now: datetime) -> Mapping[Place, Tally]:
    """What flows would have done in the last days."""
    report = ObserveReport()
    async for lines in Observations(store.database).pages(now - timedelta(days=REPORT_DAYS)):
        for line in lines:
            report.add(line)
    return report.tallies()


def _tell_report(flow: FlowDocument, reports: Mapping[Place, Tally]) -> None:
    own = {target: tally for (name, target), tally in reports.items() if name == flow.id}
    for target, tally in own.items():
        say(f"In the last {REPORT_DAYS} days, in {target}, it {tally} (tillstream observe {flow.id})")
    if not own:
        say(f"It has observed nothing in the last {REPORT_DAYS} days: nothing shows what it will do")


def _tell_plan(flow: FlowDocument, ways: Sequence[Way], at: datetime, known: Mapping[Way, Cutover]) -> None:
    mailing = [name for name in flow.deliver.operations if OPERATIONS[name].mails]
    for way in ways:
        moved = f" (until now since {utc(known[way].at)})" if way in known else ""
        say(f"{way} will write what happens from {utc(at)} on{moved}; what is older stays as it is")
    say(f"It calls {', '.join(flow.deliver.operations)}")
    if mailing:
        say(f"Customers may get an e-mail because of {', '.join(mailing)}")


def _refused(wanted: Wanted, reasons: Sequence[str]) -> int:
    say(f"'{wanted.flow}' is not launched:")
    for reason in reasons:
        say(f"  {reason}")
    return 1


def _launched_already(cutovers: Sequence[Cutover]) -> int:
    for cutover in cutovers:
        say(f"{cutover.way}: {_told(cutover)}; --since moves its cutover")
    return 0


def _told(cutover: Cutover) -> str:
    return f"writes what happens since {utc(cutover.at)}, launched by {cutover.launched_by}"
