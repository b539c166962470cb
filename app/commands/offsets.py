"""``tillstream offsets show|repair|start``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from rich.console import Console
from rich.table import Table

from app.commands.store import say, utc, with_store
from app.offsets.kafka import read_places, require_no_members, set_offsets
from app.offsets.plan import Beginning, Place, Repair, beginnings, repair_of
from app.polling.cursor import set_back
from app.polling.sources import sources_of
from app.settings import Settings
from app.store import Store
from streams import groups
from streams.errors import Rejected


async def show(settings: Settings, group: str) -> int:
    """Tell where the group stands. Returns 1 if it cannot go on somewhere."""
    places = await _places(settings, group)
    table = Table("topic", "partition", "committed", "log start", "end", "gone", box=None, header_style="bold")
    for place in places:
        committed = "-" if place.committed is None else str(place.committed)
        gone = str(place.gap.gone) if place.gap is not None else ""
        table.add_row(place.topic, str(place.partition), committed, str(place.first), str(place.end), gone)
    Console(soft_wrap=True).print(table)
    repair = repair_of(places, settings.systems, sources_of(settings))
    _tell_gaps(repair)
    if repair.broken:
        say(f"\n`tillstream offsets repair {group}` tells what would mend it.")
    return int(bool(repair.broken))


async def repair(settings: Settings, group: str, since: datetime | None, *, apply: bool) -> int:
    """Let the systems be read again from before the gaps, then set the group behind them. Returns 0.

    Args:
        settings: of the process.
        group: whose.
        since: from when on the systems are read again; needed where the gaps do not tell it.
        apply: do it; else only tell what would be done.

    Raises:
        Rejected: the group is not known or has workers, or ``since`` is needed.
    """
    plan = repair_of(await _places(settings, group), settings.systems, sources_of(settings), since)
    if not plan.broken:
        say(f"{group} can go on everywhere; there is nothing to repair")
        return 0
    _tell_gaps(plan)
    _tell_steps(group, plan, settings)
    if not apply:
        say("\nNothing is changed. Stop the group's workers, then say it again with --apply.")
        return 0
    await require_no_members(settings.kafka, group)
    await _apply(settings, group, plan)
    say("\nDone. Start the group's workers and the poller.")
    return 0


async def _apply(settings: Settings, group: str, plan: Repair) -> None:
    """Cursors first: if the offsets then fail, the gap is still there to be found."""
    if plan.feeds:
        await with_store(settings, partial(_set_back, plan.feeds, _known(plan.since)))
    await set_offsets(settings.kafka, group, plan.offsets)


async def _set_back(feeds: Sequence[str], since: datetime, store: Store) -> int:
    for feed in feeds:
        await set_back(store.cursors, feed, since)
    return 0


def _known(since: datetime | None) -> datetime:
    if since is None:
        raise Rejected(
            "when the first lost record came is not known: say from when on the systems shall be read again, for "
            "example --since 14d (what is read twice has no second effect). Nothing is changed",
            code="since_needed",
        )
    return since


async def start(settings: Settings, group: str, at: Beginning) -> int:
    """Say where a group begins on the partitions for which it has no offset. Returns 0.

    Raises:
        Rejected: the group is not known or has workers.
    """
    places = await _places(settings, group)
    offsets = beginnings(places, at)
    if not offsets:
        say(f"{group} has an offset on every partition; nothing is changed")
        return 0
    await require_no_members(settings.kafka, group)
    await set_offsets(settings.kafka, group, offsets)
    for topic, partition in sorted(offsets):
        say(f"{topic} {partition}: begins at {offsets[topic, partition]}")
    return 0


async def _places(settings: Settings, group: str) -> list[Place]:
    known = groups.consumed(settings.systems)
    if group not in known:
        raise Rejected(f"no group is called '{group}' (known: {', '.join(sorted(known))})", code="unknown_group")
    return await read_places(settings.kafka, group, known[group])


def _tell_gaps(plan: Repair) -> None:
    for place in plan.broken:
        begin = "an unknown time" if place.done_at is None else utc(place.done_at)
        end = "now (the log is empty)" if place.first_at is None else utc(place.first_at)
        gone = f"at most {place.gap.gone} records are" if place.gap is not None and place.gap.gone else "the old log is"
        say(f"\n{place.gap}:\n  {gone} gone, of the time from {begin} to {end}")


def _tell_steps(group: str, plan: Repair, settings: Settings) -> None:
    say("\nThe repair:")
    say(f"  1. {_reading(plan)}")
    say(f"  2. {group} goes on at " + ", ".join(_target(place) for place in plan.broken))
    if plan.feeds:
        say(
            "\nThe systems are read again because Kafka cannot give back what it has deleted: each order and each "
            "stock level comes as it is now, and what had its effect already has no second one. A poll begins "
            f"{settings.polling.overlap_seconds:g} s earlier still; --since TIME reads from another time on."
        )
    else:
        say("\nNo connection in the settings brings it again: what is gone stays gone.")


def _reading(plan: Repair) -> str:
    if not plan.feeds:
        return "nothing is read again"
    begin = "the time that --since must say" if plan.since is None else utc(plan.since)
    return f"the poller reads {', '.join(plan.feeds)} again from {begin} on"


def _target(place: Place) -> str:
    before = "none" if place.committed is None else str(place.committed)
    return f"{place.topic} {place.partition}: {before} -> {place.first}"
