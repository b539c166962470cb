"""All checks, side by side, and their report."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.text import Text

from app.clock import SystemClock
from app.connections import Connection, MagentoConnection, WebhookConnection
from app.doctor import parts
from app.doctor.collisions import collisions
from app.doctor.feeds import feeds
from app.doctor.finding import Finding, Grade, note
from app.doctor.heartland import heartland
from app.doctor.magento import magento
from app.settings import Settings
from streams.ports import Clock

_STYLES = {Grade.OK: "green", Grade.NOTE: "yellow", Grade.WRONG: "bold red"}


async def run(settings: Settings) -> int:
    """Check everything and print what was found. Returns 1 if anything must be mended."""
    found = await findings(settings, SystemClock())
    show(found, Console(soft_wrap=True))
    return int(any(finding.grade is Grade.WRONG for finding in found))


async def findings(settings: Settings, clock: Clock) -> list[Finding]:
    """What every check found, in the order of the report."""
    checks = [parts.kafka(settings), parts.store(settings, clock), feeds(settings, clock)]
    for name, connection in settings.connections.items():
        checks += [_connection(settings, name, connection, clock), parts.clock_of(name, connection)]
    found = [finding for group in await asyncio.gather(*checks) for finding in group]
    for name, connection in settings.connections.items():
        if not isinstance(connection, WebhookConnection):
            found += parts.webhooks_of(name, connection)
    if not settings.connections:
        found.append(
            note("connections", "there is none, so there is nothing to keep in step", "add [connections.NAME]")
        )
    elif not settings.channels:
        found.append(note("channels", "there is none: every order goes to review", "add [channels.NAME]"))
    return [*found, *collisions(settings.channels), *parts.flows(settings)]


async def _connection(settings: Settings, name: str, connection: Connection, clock: Clock) -> list[Finding]:
    if isinstance(connection, MagentoConnection):
        return await magento(name, connection, settings.channels, clock)
    if isinstance(connection, WebhookConnection):
        return [note(f"connection {name}", "a receiver of webhooks is not asked anything, only told")]
    return await heartland(name, connection, settings.channels, clock)


def show(found: list[Finding], console: Console) -> None:
    """One line each; under it, what to do."""
    for finding in found:
        line = Text.assemble((f"{finding.grade:<6}", _STYLES[finding.grade]), f"{finding.part}: {finding.message}")
        console.print(line)
        if finding.mend:
            console.print(Text(f"      -> {finding.mend}"))
    wrong = sum(finding.grade is Grade.WRONG for finding in found)
    console.print(Text(f"\n{wrong} to mend." if wrong else "\nNothing to mend."))
