"""What a person does in the store: link a customer, delete old lines."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from app.clock import SystemClock
from app.commands.store import say, with_store
from app.settings import Settings
from app.store import Store
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.customer.links import CUSTOMER, linked_name
from streams.errors import Rejected


def link_customer(settings: Settings, account: str, profile: str, channel: str | None) -> int:
    """Say which profile an account of a channel's website is; releases every event that waits for it. Returns 0.

    Raises:
        Rejected: the channel is not known or not named, or one of the two is linked to another.
    """
    chosen = channel_of(settings, channel)
    web, pos = Ref(chosen.web, CUSTOMER, account), Ref(chosen.pos, CUSTOMER, profile)
    return asyncio.run(with_store(settings, lambda store: _link_customer(store, web, pos, str(chosen.website_id))))


def purge(settings: Settings, days: int) -> int:
    """Delete the journal's lines that are older than so many days. Returns 0."""
    before = SystemClock().now() - timedelta(days=days)
    return asyncio.run(with_store(settings, lambda store: _purge(store, before)))


def channel_of(settings: Settings, name: str | None) -> Channel:
    """The channel of that name; without one, the only channel. Raises Rejected if there is no such, or several."""
    channels = settings.channels
    known = ", ".join(sorted(channels)) or "there is none yet"
    if name is not None and name in channels:
        return channels[name]
    if name is None and len(channels) == 1:
        return next(iter(channels.values()))
    raise Rejected(f"name one of the channels with --channel: {known}", code="channel")


async def _link_customer(store: Store, account: Ref, profile: Ref, website: str) -> int:
    wanted = account, linked_name(profile, website)
    held = [*await store.desk.waiting_for(*wanted), *await store.desk.waiting_for(*reversed(wanted))]
    waiting = len(held)
    made = await store.links.insert(*wanted)
    if made != wanted:
        raise Rejected(
            f"account {made[0].native_id} of {account.connection} is profile {made[1].native_id} of "
            f"{profile.connection} already: on each website a profile has one account, and an account one profile",
            code="link_taken",
        )
    say(
        f"account {account.native_id} of {account.connection} is profile {profile.native_id} of {profile.connection}; "
        f"{waiting} waiting event{'' if waiting == 1 else 's'} released"
    )
    return 0


async def _purge(store: Store, before: datetime) -> int:
    gone = await store.journal.purge(before)
    lines = "line" if gone == 1 else "lines"
    say(f"Deleted {gone} {lines} of the journal from before {before:%Y-%m-%d %H:%M} UTC")
    return 0
