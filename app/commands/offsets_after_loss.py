"""``tillstream offsets restored|reread``: how work goes on after an older store, or an empty Kafka, came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from app.commands.store import say, utc, with_store
from app.offsets.kafka import places_at, read_places, require_no_members, set_offsets
from app.offsets.kept import Kept, kept_in
from app.offsets.plan import MARGIN, feeds_of
from app.offsets.restored import CUSTOMERS, WayBack, way_back
from app.polling.cursor import set_back
from app.polling.polls import snapshot_name
from app.polling.sources import sources_of
from app.settings import Settings
from app.store import Store
from streams import groups
from streams.errors import Rejected
from streams.ports import Partition
from streams.topics import RAW_ENTITIES, raw

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

FORGOTTEN = (
    "What people decided after that time is not in this store. Before you start anything, launch again what was "
    "launched since: `tillstream launch` lists the flows, and one that only observes writes nothing, of what is read "
    "again neither. "
    "Then `tillstream guards list` and `tillstream dead-letters list` tell what waits for you, aliases and links made "
    "since are asked for again, and `tillstream connect` mends the webhooks."
)


async def restored(settings: Settings, since: datetime | None, *, apply: bool) -> int:
    """Let every group go back to what the restored store has seen done. Returns 0.

    Args:
        settings: of the process.
        since: when the store was saved, if it does not say where the groups stood.
        apply: do it; else only tell what would be done.

    Raises:
        Rejected: a group has workers, or ``since`` is needed.
        Unavailable: Kafka or the store does not answer.
    """
    kept = await with_store(settings, _kept)
    if kept is None and since is None:
        raise Rejected(
            "this store does not say where the groups stood when it was saved: no poller had kept it there. Say when "
            "it was saved, for example --since 2026-11-24T10:00. Nothing is changed",
            code="since_needed",
        )
    ways = [
        way_back(group, await read_places(settings.kafka, group, topics), await _done(settings, group, kept, since))
        for group, topics in groups.consumed(settings.systems).items()
    ]
    saved = _known(since) if kept is None else kept.at
    say(f"The store is of {utc(saved)}.\n")
    for way in ways:
        _tell(way)
    snapshots, customers = _snapshots(settings), feeds_of(CUSTOMERS, settings.systems, sources_of(settings))
    say(_stock(settings, snapshots))
    if customers:
        say(f"Customers are read anew from {utc(saved - MARGIN)} on: {', '.join(customers)}.")
    say(FORGOTTEN)
    if not apply:
        say("\nNothing is changed. Stop every worker and the poller, then say it again with --apply.")
        return 0
    for way in ways:
        await require_no_members(settings.kafka, way.group)
    await with_store(settings, partial(_set_back, snapshots, NEVER))
    await with_store(settings, partial(_set_back, customers, saved - MARGIN))
    for way in ways:
        await set_offsets(settings.kafka, way.group, way.offsets)
    say("\nDone. Start the workers and the poller.")
    return 0


async def reread(settings: Settings, since: datetime, *, apply: bool) -> int:
    """Let the poller read every list again from ``since`` on: after Kafka lost its records. Returns 0.

    Raises:
        Unavailable: the store does not answer.
    """
    raw_topics = {raw(*entity) for entity in RAW_ENTITIES}
    feeds, snapshots = feeds_of(raw_topics, settings.systems, sources_of(settings)), _snapshots(settings)
    say(f"The poller reads again from {utc(since)} on: {', '.join(feeds) or 'nothing, as no flow takes a list'}.")
    say(_stock(settings, snapshots))
    say(
        "What the door had taken in and nobody had done comes again as it is now; what had its effect has no second "
        "one. A state that an entity had only in between is gone, and so is what a web order holds of a SKU if nothing "
        "of the order changed since then: choose a time before your oldest order that is not shipped."
    )
    if not apply:
        say("\nNothing is changed. Say it again with --apply.")
        return 0
    await with_store(settings, partial(_set_back, feeds, since))
    await with_store(settings, partial(_set_back, snapshots, NEVER))
    say("\nDone.")
    return 0


async def _kept(store: Store) -> Kept | None:
    return await kept_in(store.cursors)


async def _done(settings: Settings, group: str, kept: Kept | None, since: datetime | None) -> Mapping[Partition, int]:
    if kept is not None:
        return kept.offsets.get(group, {})
    return await places_at(settings.kafka, groups.consumed(settings.systems)[group], _known(since) - MARGIN)


def _known(since: datetime | None) -> datetime:
    return NEVER if since is None else since


def _snapshots(settings: Settings) -> list[str]:
    """The polls that read a point of sale's whole stock, if a flow takes stock."""
    if ("heartland", "inventory") not in sources_of(settings) or not settings.polling.snapshot_minutes:
        return []
    return [snapshot_name(f"{name}.inventory") for name, system in settings.systems.items() if system == "heartland"]


async def _set_back(feeds: Sequence[str], since: datetime, store: Store) -> int:
    for feed in feeds:
        await set_back(store.cursors, feed, since)
    return 0


def _tell(way: WayBack) -> None:
    if not way.offsets:
        say(f"{way.group}: the store has seen all that it has done; it goes on where it is.")
        return
    say(f"{way.group}: reads {way.records} records again, on {len(way.offsets)} partitions.")
    if way.gone:
        places = ", ".join(f"{topic} {partition}" for topic, partition in way.gone)
        say(
            f"  Kafka no longer has all of them ({places}): its workers end with exit code 3, and "
            f"`tillstream offsets repair {way.group}` tells how they go on."
        )


def _stock(settings: Settings, snapshots: Sequence[str]) -> str:
    if snapshots:
        return f"Stock is read anew: {', '.join(snapshots)}."
    if "heartland" in settings.systems.values():
        return "Stock that changed meanwhile: when all is done, `tillstream reconcile stock --repair`."
    return ""
