"""The command: looks up what was asked for, and prints its story."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from rich.console import Console

from app.commands.store import with_store
from app.settings import Settings
from app.store import HeldEvent, Store
from app.trace import show as printing
from app.trace.story import Story, tell
from schemas.envelope import root_of
from streams.ports import JournalEntry

WIDTH = 160
"""Columns where the output is not a terminal."""


def show(settings: Settings, what: str) -> int:
    """Print the story of an order number, a SKU or a receipt id. Returns 0 if something is known, else 1."""
    story = asyncio.run(_story(settings, what))
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    printing.show(console, what, story)
    return 0 if story.receipts or story.waiting else 1


async def _story(settings: Settings, what: str) -> Story:
    async def look(store: Store) -> tuple[Sequence[JournalEntry], list[HeldEvent]]:
        entries = await _entries(store, what)
        return entries, await _held(store, what, entries)

    entries, held = await with_store(settings, look, role="trace")
    return tell(entries, held, settings.systems, list(settings.channels.values()))


async def _entries(store: Store, what: str) -> Sequence[JournalEntry]:
    """Lines about it, and all lines of the receipts that they belong to, as they were written."""
    found = [*await store.journal.of_subject(what), *await store.journal.of_receipt(what)]
    roots = dict.fromkeys(root_of(entry.receipt_id) for entry in found)
    lines = [line for root in roots for line in await store.journal.of_receipt(root)]
    return sorted(lines, key=lambda line: line.at)


async def _held(store: Store, what: str, entries: Sequence[JournalEntry]) -> list[HeldEvent]:
    """What is held of it, and of the receipts that it appears in: an order, where a SKU was asked for."""
    roots = dict.fromkeys([what, *(root_of(entry.receipt_id) for entry in entries)])
    found = [*await store.desk.find(subject=what)]
    for root in roots:
        found += await store.desk.find(receipt_id=root)
    return list({event.held.seq: event for event in found}.values())
