"""All checks, side by side, and their report."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import orjson
import typer
from rich.console import Console
from rich.text import Text

from app.clock import SystemClock
from app.commands.results import keep_result
from app.commands.store import with_store
from app.connections import Connection, MagentoConnection, WebhookConnection
from app.doctor import parts
from app.doctor.asked import Asked
from app.doctor.clocks import clock_of
from app.doctor.collisions import collisions
from app.doctor.feeds import feeds
from app.doctor.finding import Finding, Grade, note, ok
from app.doctor.heartland import heartland
from app.doctor.magento import magento
from app.doctor.webhooks import webhooks
from app.settings import Settings
from app.ways import flows_of
from streams.engine.errors import DocumentError
from streams.ports import CheckResult, Clock

_STYLES = {Grade.OK: "green", Grade.NOTE: "yellow", Grade.WRONG: "bold red"}
_ORDER = {grade: number for number, grade in enumerate(Grade)}


async def run(settings: Settings, *, json: bool = False) -> int:
    """Check everything, print what was found and keep it for the metrics. Returns 1 if anything must be mended."""
    clock = SystemClock()
    found = await findings(settings, clock)
    if json:
        typer.echo(as_json(found))
    else:
        show(found, Console(soft_wrap=True))
    failed = any(finding.grade is Grade.WRONG for finding in found)
    result = CheckResult("doctor", clock.now(), failed)
    await with_store(settings, lambda store: keep_result(store.checks, result), role="doctor")
    return int(failed)


async def findings(settings: Settings, clock: Clock) -> list[Finding]:
    """What every check found, in the order of the report."""
    asked = asked_of(settings)
    checks = [parts.kafka(settings), parts.store(settings, clock), feeds(settings, clock)]
    for name, connection in settings.connections.items():
        checks.append(_connection(asked, name, connection, clock))
        if not isinstance(connection, WebhookConnection):
            checks.append(clock_of(name, connection))
    found = [finding for group in await asyncio.gather(*checks) for finding in group]
    found += await webhooks(settings, clock)
    if not settings.connections:
        found.append(
            note("connections", "there is none, so there is nothing to keep in step", "add [connections.NAME]")
        )
    elif not settings.channels:
        found.append(note("channels", "there is none: every order goes to review", "add [channels.NAME]"))
    return [*found, *collisions(settings.channels), *parts.gift_card_key(settings), *parts.flows(settings)]


def asked_of(settings: Settings) -> Asked:
    """What the systems are compared with; without flows if their documents cannot be read, which is told by itself."""
    try:
        flows = tuple(flows_of(settings).values())
    except DocumentError:
        flows = ()
    return Asked(settings.channels, flows, settings.polling.page_size)


async def _connection(asked: Asked, name: str, connection: Connection, clock: Clock) -> list[Finding]:
    if isinstance(connection, MagentoConnection):
        return await magento(name, connection, asked, clock)
    if isinstance(connection, WebhookConnection):
        return [ok(f"connection {name}", "a receiver of webhooks is not asked anything, only told")]
    return await heartland(name, connection, asked, clock)


def show(found: list[Finding], console: Console) -> None:
    """One line each; under it, what comes of it and what to do. What is wrong stands last, above the sum."""
    for finding in sorted(found, key=lambda finding: _ORDER[finding.grade]):
        style = _STYLES[finding.grade]
        console.print(Text.assemble((f"{finding.grade:<9}", style), f"{finding.part}: {finding.message}"))
        if finding.why:
            console.print(Text(f"         why: {finding.why}"))
        if finding.mend:
            console.print(Text(f"         fix: {finding.mend}"))
    wrong = sum(finding.grade is Grade.WRONG for finding in found)
    doubtful = sum(finding.grade is Grade.NOTE for finding in found)
    told = f"{wrong} to mend." if wrong else "Nothing to mend."
    console.print(Text(f"\n{told}" + (f" {doubtful} to look at." if doubtful else "")))


def as_json(found: list[Finding]) -> str:
    """The same for a program: the worst grade, and every finding."""
    worst = max((finding.grade for finding in found), key=_ORDER.__getitem__, default=Grade.OK)
    document = {
        "worst": worst.lower(),
        "findings": [{**asdict(finding), "grade": finding.grade.lower()} for finding in found],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
