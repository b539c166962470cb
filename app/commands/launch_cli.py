"""The options of ``tillstream launch``, ``observe`` and ``backfill``; each imports what it runs when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.running import asked, given_moment, given_reason, load_settings, run_to_end, whoami

PANEL = "Start and look back"

OneFlow = Annotated[str, typer.Argument(help="Id of the flow.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
Connection = Annotated[str | None, typer.Option(help="Only from or to this connection; else all that channels join.")]


def launch(
    flow: Annotated[str | None, typer.Argument(help="Flow; without it, what is launched is listed.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Cutover: 2h, 3d, or 2026-11-24T10:00 (UTC); now without it.")
    ] = None,
    connection: Connection = None,
    anyway: Annotated[
        str | None, typer.Option(metavar="REASON", help="Launch it although what comes before it is not done, and why.")
    ] = None,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Let it only observe again.")] = False,
    yes: Yes = False,
) -> None:
    """Let a flow write what happens from now on; until then it only observes. What is older stays as it is."""
    at = None if since is None else given_moment(since)
    settings = load_settings()
    from app.commands import launch as command  # noqa: PLC0415

    if flow is None:
        raise typer.Exit(run_to_end(command.show(settings)))
    reason = "" if anyway is None else given_reason(anyway, "--anyway")
    wanted = command.Wanted(flow, at, connection, whoami(), reason)
    if undo:
        raise typer.Exit(run_to_end(command.undo(settings, wanted)))
    raise typer.Exit(run_to_end(command.launch(settings, wanted, asked(yes=yes))))


def backfill(
    flow: OneFlow,
    since: Annotated[str | None, typer.Option(help="What happened since then: 30d or 2026-01-31; else all.")] = None,
    until: Annotated[str | None, typer.Option(help="What changed until then; everything without it.")] = None,
    rate: Annotated[
        float | None, typer.Option(help="Rows a second; else the targets' replay_share of their budget.", min=0.01)
    ] = None,
    *,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew where an earlier run was stopped.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do.")] = False,
    yes: Yes = False,
) -> None:
    """Take in a flow's past, slowly: counts first, then a bar. Ctrl-C stops it, and the same command goes on."""
    begin = None if since is None else given_moment(since)
    end = None if until is None else given_moment(until)
    settings = load_settings()
    from app.commands import backfill as command  # noqa: PLC0415

    wanted = command.Wanted(flow, begin, end, rate, restart)
    if dry_run:
        raise typer.Exit(run_to_end(command.dry_run(settings, wanted)))
    raise typer.Exit(run_to_end(command.backfill(settings, wanted, asked(yes=yes))))


def observe(
    flow: Annotated[str | None, typer.Argument(help="Flow; all that only observe without it.")] = None,
    since: Annotated[str, typer.Option(help="How far back the journal is read: 7d, or a time.")] = "7d",
    csv: Annotated[Path | None, typer.Option("--csv", help="Write each report into a file there.")] = None,
    *,
    compare: Annotated[
        bool, typer.Option("--compare/--journal-only", help="Also read both systems, and compare SKUs and customers.")
    ] = True,
) -> None:
    """Tell what flows would have written, which SKUs and customers both systems know, and whom it would e-mail."""
    at = given_moment(since)
    settings = load_settings()
    from app.commands import observe as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.observe(settings, command.Wanted(flow, at, csv, compare))))
