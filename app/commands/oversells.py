"""``tillstream oversells list|decide``: what was sold in store and online, and what a person does about it."""

from __future__ import annotations

from datetime import timedelta

from app.commands.store import say, utc, with_store
from app.settings import Settings
from app.store import Store
from streams.inventory.oversell import decision, told
from streams.ports import OversellWindow, OversoldSku, WayOut

PUBLISHED_WITHIN = timedelta(hours=24)
"""Of which time the oversell window is told."""


async def show_list(settings: Settings) -> int:
    """List what waits for a person, each with its ways out. Returns 0."""

    async def work(store: Store) -> int:
        waiting = await store.oversells.waiting()
        for one in waiting:
            message = told(one.connection, one.sku, one.oversell, _ship_from(settings, one.connection))
            say(f"{_name(one)} since {utc(one.found_at)}: {message}")
            say(f"  {decision(one.number)}")
        say(f"{len(waiting)} waiting for a person" if waiting else "Nothing is oversold")
        for name, connection in settings.connections.items():
            if connection.system == "magento":
                say(_window(name, await store.written_stock.window(name, PUBLISHED_WITHIN)))
        return 0

    return await with_store(settings, work)


def _window(web: str, window: OversellWindow) -> str:
    if not window.skus:
        return f"Oversell window of {web}: no stock was written in the last 24 hours"
    p95, p99 = (f"{age.total_seconds():.1f} s" for age in (window.p95, window.p99))
    return f"Oversell window of {web}: its stock was {p95} old (p95), {p99} (p99), {window.skus} SKUs in 24 hours"


async def decide(settings: Settings, number: int, way: WayOut, *, by: str, reason: str) -> int:
    """Keep what a person does about one. Returns 1 if there is none of that number, or it is over."""

    async def work(store: Store) -> int:
        one = await store.oversells.get(number)
        if one is None:
            say(f"There is no oversell {number}: see `tillstream oversells list`")
            return 1
        if not await store.oversells.decide(number, way, by=by, reason=reason):
            ended = utc(one.ended_at) if one.ended_at else "just now"
            say(f"{_name(one)} is over since {ended}: there is enough for all web orders again, nothing is to be done")
            return 1
        say(f"{_name(one)}: {way.value}, by {by}. It comes back if more pieces are missing")
        return 0

    return await with_store(settings, work)


def _ship_from(settings: Settings, pos: str) -> tuple[str, ...]:
    """The locations that ship for a point of sale's channels, in their order of priority."""
    named = (channel.ship_from for channel in settings.channels.values() if channel.pos == pos)
    return tuple(dict.fromkeys(location for locations in named for location in locations))


def _name(one: OversoldSku) -> str:
    return f"Oversell {one.number} ({one.sku} at {one.oversell.location})"
