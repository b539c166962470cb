"""``tillstream observe``: what flows that only observe would have done, and what both systems know alike."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.commands.preview import preview_feed
from app.commands.progress import bar
from app.commands.spreadsheet import guarded
from app.commands.store import say, with_store
from app.polling.composed import feeds_of
from app.polling.feeds import ListFeed
from app.polling.paging import walk
from app.polling.polls import EVERYTHING
from app.preview import Preview, ReadOnly
from app.settings import Settings
from app.store import Store
from app.store.observations import Observations
from app.systems import Systems
from app.ways import all_ways, flows_of, no_such_flow
from streams.aliases import aliases_between
from streams.launch.report import ObserveReport, mails, people
from streams.launch.skus import Article, SkuKind, SkuRow, compare_skus, counted

NAMED = 5
"""SKUs of a kind that are named on the screen; the CSV has all."""
PRODUCT, CUSTOMER = ("heartland", "product"), ("magento", "customer")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be reported.

    Attributes:
        flow: one; None for all that only observe.
        since: how far back the journal is read.
        csv: directory of the files; None for none.
        compare: also read both systems.
    """

    flow: str | None
    since: datetime
    csv: Path | None
    compare: bool


async def observe(settings: Settings, wanted: Wanted) -> int:
    """Print the reports. Returns 0, or 1 if there is no such flow."""
    flows = flows_of(settings)
    if wanted.flow is not None and wanted.flow not in flows:
        say(no_such_flow(wanted.flow, flows))
        return 1

    async def work(store: Store) -> int:
        launched = {cutover.way for cutover in await store.cutovers.current()}
        observing = {way.flow for way in all_ways(flows, settings) if way not in launched}
        chosen = observing if wanted.flow is None else {wanted.flow}
        _tell_journal(await _read_journal(store, wanted.since, chosen), chosen, wanted)
        if wanted.compare:
            await _compare(settings, store, wanted)
        return 0

    return await with_store(settings, work, role="observe")


# -- What flows would have done ----------------------------------------------------------------------------------


async def _read_journal(store: Store, since: datetime, flows: Iterable[str]) -> ObserveReport:
    observations, report, wanted = Observations(store.database), ObserveReport(), frozenset(flows)
    with bar() as shown:
        task = shown.add_task("journal", total=await observations.count(since))
        async for lines in observations.pages(since):
            for line in lines:
                if line.flow in wanted:
                    report.add(line)
            shown.advance(task, len(lines))
    return report


def _tell_journal(report: ObserveReport, flows: Iterable[str], wanted: Wanted) -> None:
    tallies = report.tallies()
    for (flow, target), tally in tallies.items():
        say(f"{flow} to {target}: {tally}")
    for flow in sorted(set(flows) - {flow for flow, _ in tallies}):
        say(f"{flow}: has observed nothing yet; `tillstream backfill {flow} --dry-run` looks at what there is")
    total = sum(tally.mails for tally in tallies.values())
    say(f"All of them would e-mail {people(total)}")
    if wanted.csv is not None:
        header = ("flow", "target", "would", "e-mails", "aggregate", "subject", "what")
        rows = [
            (each.flow, each.target, what, mails(each), each.aggregate, each.subject, each.message)
            for what, each in report.lines()
        ]
        _write_csv(wanted.csv / "observed.csv", header, rows)


# -- What both systems know --------------------------------------------------------------------------------------


async def _compare(settings: Settings, store: Store, wanted: Wanted) -> None:
    systems = ReadOnly(settings)
    try:
        lists = {feed.name: feed for feed in feeds_of(settings.polling, systems, [PRODUCT, CUSTOMER])}
        for web, pos in sorted({(channel.web, channel.pos) for channel in settings.channels.values()}):
            rows = await _compare_skus(systems, store, lists, web, pos)
            _tell_skus(rows, web, pos, wanted)
        await _compare_customers(settings, store, systems, lists, wanted)
    finally:
        await systems.close()


async def _compare_skus(
    systems: Systems, store: Store, lists: Mapping[str, ListFeed], web: str, pos: str
) -> list[SkuRow]:
    points: list[Article] = []
    with bar() as shown:
        task = shown.add_task(f"products of {pos}", total=None)
        async for page in walk(lists[f"{pos}.product"], EVERYTHING):
            points += [Article(str(row.document["SKU"]), str(row.document.get("UPC") or "")) for row in page.rows]
            shown.update(task, total=page.total, completed=len(points))
        task = shown.add_task(f"products of {web}", total=None)
        skus = await systems.webs[web].products.list_skus()
        shown.update(task, total=len(skus), completed=len(skus))
    aliases = await aliases_between(store.links, web, skus, pos)
    return compare_skus([Article(sku) for sku in skus], points, aliases)


def _tell_skus(rows: Sequence[SkuRow], web: str, pos: str, wanted: Wanted) -> None:
    counts = ", ".join(f"{number} {kind.value.replace('_', ' ')}" for kind, number in counted(rows).items() if number)
    say(f"SKUs of {web} and {pos}: {counts or 'none'}")
    for kind in (SkuKind.NEAR, SkuKind.BARCODE, SkuKind.DUPLICATE, SkuKind.WEB_ONLY):
        some = [row for row in rows if row.kind is kind]
        if some:
            named = ", ".join(f"'{row.web}' and '{row.pos}'" if row.pos else f"'{row.web}'" for row in some[:NAMED])
            more = f" and {len(some) - NAMED} more" if len(some) > NAMED else ""
            say(f"  {kind.value.replace('_', ' ')}: {named}{more}")
    if any(row.kind in (SkuKind.NEAR, SkuKind.BARCODE) for row in rows):
        say("  if two are the same goods: tillstream alias WEB_SKU POS_SKU; for all: alias --csv FILE")
    if wanted.csv is not None:
        header = ("kind", f"sku in {web}", f"sku in {pos}")
        _write_csv(wanted.csv / f"skus-{web}-{pos}.csv", header, [(row.kind.value, row.web, row.pos) for row in rows])


async def _compare_customers(
    settings: Settings, store: Store, systems: Systems, lists: Mapping[str, ListFeed], wanted: Wanted
) -> None:
    """Whom the customers' flow would link, create or ask about, by its own rules of matching."""
    flows = [
        flow.id for flow in flows_of(settings).values() if flow.normalize and flow.normalize.source.key == CUSTOMER
    ]
    preview, report = Preview(settings, store, systems), ObserveReport()
    for feed in lists.values():
        if feed.entity == CUSTOMER[1]:
            await preview_feed(feed, preview, report, flows, codes=settings.gift_cards.codes)
    for (flow, target), tally in report.tallies().items():
        say(f"Customers, by {flow} to {target}: {tally}")
    if wanted.csv is not None:
        rows = [(what, each.target, each.aggregate, each.message) for what, each in report.lines()]
        _write_csv(wanted.csv / "customers.csv", ("would", "target", "customer", "why"), rows)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[guarded(value) for value in row] for row in rows])
    say(f"{path} is written")
