"""What a person does in the store: name an alias, let a held receipt try again or give it up, delete old lines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from rich.console import Console

from app.clock import SystemClock
from app.settings import Settings
from app.store import Store
from schemas.documents.channel import Channel
from schemas.ids import Ref
from streams.errors import Rejected
from streams.ports import JournalEntry, Outcome


def add_alias(settings: Settings, web_sku: str, pos_sku: str, channel: str | None, *, replace: bool = False) -> int:
    """Link a web SKU to the point of sale's; releases every event that waits for it. Returns the exit code.

    With ``replace``, another alias that the web SKU has is given up.

    Raises:
        Rejected: the channel is not known or not named, or one of the SKUs has another alias.
    """
    chosen = _channel(settings, channel)
    wanted = Ref(chosen.web, "sku", web_sku), Ref(chosen.pos, "sku", pos_sku)
    return asyncio.run(_with_store(settings, lambda store: _add_alias(store, *wanted, replace=replace)))


def replay(settings: Settings, receipt_id: str) -> int:
    """Let a held receipt try again now. Returns 0 if it was held, else 1."""
    return asyncio.run(_with_store(settings, lambda store: _replay(store, receipt_id)))


def discard(settings: Settings, receipt_id: str, reason: str) -> int:
    """Give a held receipt up; the journal keeps ``reason``. Returns 0 if it was held, else 1."""
    return asyncio.run(_with_store(settings, lambda store: _discard(store, receipt_id, reason)))


def purge(settings: Settings, days: int) -> int:
    """Delete the journal's lines that are older than so many days. Returns 0."""
    before = SystemClock().now() - timedelta(days=days)
    return asyncio.run(_with_store(settings, lambda store: _purge(store, before)))


async def _with_store(settings: Settings, work: Callable[[Store], Awaitable[int]]) -> int:
    store = Store.open(settings.store.url.get_secret_value(), role="desk", clock=SystemClock(), connections=2)
    try:
        return await work(store)
    finally:
        await store.close()


def _channel(settings: Settings, name: str | None) -> Channel:
    channels = settings.channels
    known = ", ".join(sorted(channels)) or "there is none yet"
    if name is not None and name in channels:
        return channels[name]
    if name is None and len(channels) == 1:
        return next(iter(channels.values()))
    raise Rejected(f"name one of the channels with --channel: {known}", code="channel")


async def _add_alias(store: Store, web: Ref, pos: Ref, *, replace: bool) -> int:
    waiting = await store.desk.waiting_for(web, pos)
    made = await (store.links.replace if replace else store.links.insert)(web, pos)
    if made != (web, pos):
        instead = "; --replace gives that up" if made[0] == web and not replace else ""
        raise Rejected(
            f"'{made[0].native_id}' in {web.connection} is '{made[1].native_id}' in {pos.connection} already: a SKU "
            f"has one counterpart{instead}",
            code="alias_taken",
        )
    _print(
        f"'{web.native_id}' in {web.connection} is '{pos.native_id}' in {pos.connection}; {waiting} waiting "
        f"event{'' if waiting == 1 else 's'} released"
    )
    return 0


async def _replay(store: Store, receipt_id: str) -> int:
    released = await store.desk.release(receipt_id)
    if not released:
        return _nothing_held(receipt_id)
    at = SystemClock().now()
    lines = [
        JournalEntry(
            receipt_id=event.held.hold.receipt_id,
            at=at,
            stage=event.held.hold.stage,
            outcome=Outcome.RELEASED,
            flow=event.held.hold.flow,
            subject=event.held.hold.subject,
            aggregate=event.held.hold.key,
            message="replayed by a person",
            topic=event.held.record.topic,
            partition=event.held.record.partition,
            offset=event.held.record.offset,
        )
        for event in released
    ]
    await store.journal.write(lines)
    _print(f"{receipt_id} tries again now: see `tillstream trace {receipt_id}`")
    return 0


async def _discard(store: Store, receipt_id: str, reason: str) -> int:
    gone = await store.desk.discard(receipt_id, message=f"given up by a person: {reason}")
    if not gone:
        return _nothing_held(receipt_id)
    subjects = ", ".join(sorted({event.held.hold.subject for event in gone}))
    _print(f"{receipt_id} ({subjects}) is given up, what queued behind it goes on: see `tillstream trace {receipt_id}`")
    return 0


async def _purge(store: Store, before: datetime) -> int:
    gone = await store.journal.purge(before)
    lines = "line" if gone == 1 else "lines"
    _print(f"Deleted {gone} {lines} of the journal from before {before:%Y-%m-%d %H:%M} UTC")
    return 0


def _nothing_held(receipt_id: str) -> int:
    _print(f"Nothing is held under receipt {receipt_id}: see `tillstream trace {receipt_id}`")
    return 1


def _print(text: str) -> None:
    Console(highlight=False, markup=False, soft_wrap=True).print(text)
