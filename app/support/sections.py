"""What a bundle tells, each section by itself: one that cannot be read says why, because things are amiss."""

from __future__ import annotations

import asyncio
import io
import platform
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from importlib.metadata import version

import orjson
from rich.console import Console

from app.balance.kafka import reading
from app.balance.show import show_equations
from app.balance.take import take_balance, way_of
from app.clock import SystemClock
from app.commands.store import with_store
from app.doctor import checks
from app.offsets.kafka import read_places
from app.settings import Settings
from app.settings.explain import values
from app.store import Store
from streams import groups
from streams.ports import JournalEntry

JOURNAL_LINES = 500
"""How many of the last lines of the journal are told."""
BALANCE_OF = timedelta(days=1)
SECTION_SECONDS = 120.0
"""A section that takes longer is given up, so that a bundle is made although a system hangs."""

Section = Callable[[Settings], Awaitable[str]]


async def told(settings: Settings, sections: Mapping[str, Section]) -> dict[str, str]:
    """The text of each section, by the name of its file; one after the other, as some are told by the same systems."""
    return {name: await _told(settings, section) for name, section in sections.items()}


async def _told(settings: Settings, section: Section) -> str:
    try:
        async with asyncio.timeout(SECTION_SECONDS):
            return await section(settings)
    except TimeoutError:
        return f"given up after {SECTION_SECONDS:g} s\n"
    except Exception as error:  # noqa: BLE001 - whatever is amiss is what the reader looks for
        return f"could not be read: {type(error).__name__}: {error}\n"


async def about(_settings: Settings) -> str:
    """Which program this is, and on what it runs."""
    lines = (f"tillstream {version('tillstream')}", f"Python {platform.python_version()}", platform.platform())
    return "\n".join((*lines, f"{SystemClock().now():%Y-%m-%d %H:%M:%S} UTC")) + "\n"


async def settings_that_count(settings: Settings) -> str:
    """As ``tillstream settings --values``."""
    return values(settings) + "\n"


async def findings(settings: Settings) -> str:
    """As ``tillstream doctor``."""
    found = await checks.findings(settings, SystemClock())
    return _printed(lambda console: checks.show(found, console))


async def balance(settings: Settings) -> str:
    """As ``tillstream balance --since 1d``."""
    clock = SystemClock()
    way, since = way_of(settings.systems), clock.now() - BALANCE_OF

    async def work(store: Store) -> str:
        async with reading(settings.kafka) as log:
            taken = await take_balance(log, store.receipts, way, clock.sleep, since)
        return _printed(lambda console: show_equations(console, taken))

    return await with_store(settings, work, role="support")


async def positions(settings: Settings) -> str:
    """Where every group stands in every partition."""
    lines = ["group topic partition committed first end"]
    for group, topics in groups.consumed(settings.systems).items():
        places = await read_places(settings.kafka, group, topics)
        lines += [f"{group} {at.topic} {at.partition} {at.committed} {at.first} {at.end}" for at in places]
    return "\n".join(lines) + "\n"


async def journal(settings: Settings) -> str:
    """What became of the last receipts: without whom or what they were about, and without messages, which may quote
    a customer."""
    entries = await with_store(settings, lambda store: store.journal.latest(JOURNAL_LINES), role="support")
    return "".join(orjson.dumps(_line(entry)).decode() + "\n" for entry in entries)


def _line(entry: JournalEntry) -> dict[str, object]:
    return {
        "at": entry.at,
        "receipt": entry.receipt_id,
        "stage": entry.stage,
        "outcome": entry.outcome.value,
        "flow": entry.flow,
        "step": entry.step,
        "target": entry.target,
        "error": entry.error,
        "record": f"{entry.topic} {entry.partition}@{entry.offset}",
    }


SECTIONS: Mapping[str, Section] = {
    "about.txt": about,
    "settings.txt": settings_that_count,
    "doctor.txt": findings,
    "positions.txt": positions,
    "balance.txt": balance,
    "journal.jsonl": journal,
}


def _printed(show: Callable[[Console], None]) -> str:
    out = io.StringIO()
    show(Console(file=out, width=160, soft_wrap=True, highlight=False, color_system=None))
    return out.getvalue()
