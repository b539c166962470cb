"""``tillstream alias``: which SKUs are the same goods, a pair or a SKU report; what that releases is shown before."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.commands.spreadsheet import without_guard
from app.commands.store import say, utc, with_store
from app.desk import channel_of
from app.settings import Settings
from app.store import Store
from app.store.desk import Waiting
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.errors import Rejected
from streams.launch.skus import SkuKind

ACCEPTED = frozenset({SkuKind.NEAR, SkuKind.BARCODE, SkuKind.ALIAS})
"""Rows of the report that are taken: whoever decides on a duplicate writes ``alias`` in its first column."""
NAMED = 20
"""So many waiting events are named in a preview."""

Pair = tuple[Ref, Ref]
Confirm = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One alias.

    Attributes:
        channel: name of a channel between the two; None where there is only one.
        replace: give up another alias that the web SKU has.
    """

    web_sku: str
    pos_sku: str
    channel: str | None = None
    replace: bool = False


async def add(settings: Settings, wanted: Wanted, confirm: Confirm) -> int:
    """Link a web SKU to the point of sale's, which releases every event that waits for it. Returns the exit code.

    Raises:
        Rejected: the channel is not known or not named, or one of the SKUs has another alias.
    """
    channel = channel_of(settings, wanted.channel)
    web, pos = Ref(channel.web, "sku", wanted.web_sku), Ref(channel.pos, "sku", wanted.pos_sku)

    async def work(store: Store) -> int:
        waiting = await store.desk.waiting_for(web, pos)
        _preview(waiting)
        if waiting and not confirm(f"Say that '{web.native_id}' is '{pos.native_id}'?"):
            return _nothing()
        await _link(store, web, pos, replace=wanted.replace)
        say(
            f"'{web.native_id}' in {web.connection} is '{pos.native_id}' in {pos.connection}; {_events(len(waiting))} "
            "released"
        )
        return 0

    return await with_store(settings, work)


async def accept(settings: Settings, report: Path, channel_name: str | None, confirm: Confirm) -> int:
    """Take every pair of a SKU report that is near or has the same barcode. Returns 1 if nobody agreed.

    Raises:
        Rejected: the channel is not known or not named, or the file is no such report.
    """
    channel = channel_of(settings, channel_name)
    pairs = read_report(report, channel)

    async def work(store: Store) -> int:
        known = await store.links.find([web for web, _ in pairs], channel.pos)
        back = await store.links.find([pos for _, pos in pairs], channel.web)
        new = [(web, pos) for web, pos in pairs if web not in known and pos not in back]
        _tell_others([(web, pos) for web, pos in pairs if (web, pos) not in new and known.get(web) != pos])
        waiting = [event for web, pos in new for event in await store.desk.waiting_for(web, pos)]
        for web, pos in new:
            say(f"'{web.native_id}' in {web.connection} is '{pos.native_id}' in {pos.connection}")
        _preview(waiting)
        if not new or not confirm(f"Accept {len(new)} of {len(pairs)}?"):
            return _nothing()
        for web, pos in new:
            await _link(store, web, pos, replace=False)
        say(f"{len(new)} accepted; {_events(len(waiting))} released")
        return 0

    return await with_store(settings, work)


def read_report(path: Path, channel: Channel) -> list[Pair]:
    """The pairs of a report that ``tillstream observe --csv`` wrote, without the rows that somebody took out.

    Raises:
        Rejected: it is no report of these two connections, or names one SKU twice.
    """
    web, pos = f"sku in {channel.web}", f"sku in {channel.pos}"
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames is None or not {"kind", web, pos} <= set(rows.fieldnames):
            raise Rejected(
                f"{path} is no SKU report of {channel.web} and {channel.pos}, with the columns 'kind', '{web}' and "
                f"'{pos}': write one with tillstream observe --csv DIRECTORY",
                code="no_report",
            )
        found = [(without_guard(row[web]), without_guard(row[pos])) for row in rows if row["kind"] in ACCEPTED]
    for side, skus in ((web, [one for one, _ in found]), (pos, [other for _, other in found])):
        if twice := [sku for sku, times in Counter(skus).items() if times > 1 or not sku]:
            raise Rejected(
                f"{path}: '{twice[0]}' is in column '{side}' more than once, or empty, and a SKU has one counterpart: "
                "leave one row of it",
                code="ambiguous_report",
            )
    return [(Ref(channel.web, "sku", one), Ref(channel.pos, "sku", other)) for one, other in found]


async def _link(store: Store, web: Ref, pos: Ref, *, replace: bool) -> None:
    made = await (store.links.replace if replace else store.links.insert)(web, pos)
    if made != (web, pos):
        instead = "; --replace gives that up" if made[0] == web and not replace else ""
        raise Rejected(
            f"'{made[0].native_id}' in {web.connection} is '{made[1].native_id}' in {pos.connection} already: a SKU "
            f"has one counterpart{instead}",
            code="alias_taken",
        )


def _preview(waiting: Sequence[Waiting]) -> None:
    for event in waiting[:NAMED]:
        say(f"  releases {event.subject} ({event.flow} to {event.target}, held since {utc(event.held_at)})")
    if len(waiting) > NAMED:
        say(f"  and {len(waiting) - NAMED} more")


def _tell_others(pairs: Iterable[Pair]) -> None:
    for web, pos in pairs:
        say(f"'{web.native_id}' or '{pos.native_id}' has another counterpart already, and is left as it is")


def _nothing() -> int:
    say("Nothing is changed")
    return 1


def _events(number: int) -> str:
    return f"{number} waiting event{'' if number == 1 else 's'}"
