"""``tillstream connect``: make what the other systems need to tell us, and say what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.clock import SystemClock
from app.commands.store import say, with_store
from app.connect.done import Did, Done
from app.connect.doors import door_of
from app.connect.magento import connect_magento
from app.connect.watch import turn_name
from app.connections import HeartlandConnection, MagentoConnection
from app.polling.sources import sources_of
from app.settings import Settings
from app.store import Store, migrate
from app.systems import Systems
from streams.errors import Transient
from streams.metrics import Metrics

LEASE_SECONDS = 60.0

_WOULD = {Did.CREATED: "would be created", Did.REPLACED: "would be replaced", Did.REMOVED: "would be removed"}


async def run(settings: Settings, connection: str | None, by: str, *, dry_run: bool) -> int:
    """Connect one connection, or all. Returns 0.

    Args:
        settings: of the process.
        connection: its name; None for all.
        by: who asks.
        dry_run: only tell what would be done.

    Raises:
        TillstreamError: a system or the store refuses or is away; what was done before stays done.
    """
    await migrate(settings.store.whole_url)

    async def work(store: Store) -> int:
        systems = Systems(settings, SystemClock(), Metrics())
        try:
            names = [connection] if connection is not None else list(settings.connections)
            changed = 0
            for name in names:
                async for done in _connected(settings, systems, store, name, by, dry_run=dry_run):
                    say(_line(done, dry_run=dry_run))
                    changed += done.changes
        finally:
            await systems.close()
        say(_end(changed, dry_run=dry_run))
        return 0

    return await with_store(settings, work, role="connect")


async def _connected(
    settings: Settings, systems: Systems, store: Store, name: str, by: str, *, dry_run: bool
) -> AsyncIterator[Done]:
    connection, sources = settings.connections[name], sources_of(settings)
    if isinstance(connection, MagentoConnection):
        for done in await connect_magento(name, systems.webs[name].customers, sources):
            yield done
        yield Done(name, "webhooks", Did.LEFT, "a Magento sends none by itself: its changes come by polling")
    elif isinstance(connection, HeartlandConnection):
        async for done in _pos(settings, systems, store, name, by, dry_run=dry_run):
            yield done
    else:
        yield Done(name, "receiver", Did.LEFT, "it is only told, it tells us nothing")


async def _pos(
    settings: Settings, systems: Systems, store: Store, name: str, by: str, *, dry_run: bool
) -> AsyncIterator[Done]:
    door = door_of(settings, systems, store.registrations, sources_of(settings), name)
    if isinstance(door, str):
        yield Done(name, "webhooks", Did.LEFT, door)
        return
    lease = await store.leases.take(turn_name(name), f"connect by {by}", LEASE_SECONDS)
    if lease is None:
        raise Transient(f"{name}: a poller looks after its webhooks at this moment. Nothing was changed; try again.")
    try:
        for done in await door.connect(dry_run=dry_run):
            yield done
    finally:
        await store.leases.release(lease)


def _line(done: Done, *, dry_run: bool) -> str:
    did = _WOULD.get(done.did, done.did.value) if dry_run else done.did.value
    return f"{done.connection}: {done.item}: {did}: {done.why}"


def _end(changed: int, *, dry_run: bool) -> str:
    if dry_run:
        return f"\n{changed} to change; nothing was changed" if changed else "\nNothing to change"
    return f"\n{changed} changed; the door knows within a minute" if changed else "\nNothing was changed"
