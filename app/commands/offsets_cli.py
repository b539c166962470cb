"""The options of ``tillstream offsets``. Each command imports what it runs when it runs; see offsets.py."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.running import given_moment, load_settings, run_to_end
from app.offsets.plan import Beginning

offsets = typer.Typer(
    help="Where a group of workers stands in Kafka, and how it goes on after Kafka has lost records (exit code 3) or "
    "an older store was restored.",
    no_args_is_help=True,
)

Group = Annotated[str, typer.Argument(help="For example tillstream.normalize or tillstream.deliver.pos.")]


@offsets.command("show")
def show(group: Group) -> None:
    """Tell per partition what is done, what the log holds, and what is gone (exit 1)."""
    settings = load_settings()
    from app.commands import offsets as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show(settings, group)))


@offsets.command("repair")
def repair(
    group: Group,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; else it only tells what it would do.")] = False,
    since: Annotated[
        str | None, typer.Option(help="Read the systems again from then: 14d, or 2026-11-24T10:00 (UTC).")
    ] = None,
) -> None:
    """After a worker ended with exit code 3: have the poller read again what Kafka has lost, then go on behind it.

    Stop the group's workers first. Nothing has a second effect by being read again.
    """
    begin = None if since is None else given_moment(since)
    settings = load_settings()
    from app.commands import offsets as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.repair(settings, group, begin, apply=apply)))


@offsets.command("start")
def start(
    group: Group,
    at: Annotated[
        Beginning, typer.Option(help="With all that Kafka still has, or only with what comes.", show_default=False)
    ],
) -> None:
    """Say where a new group begins, on topics that have lost their first records before it ever ran.

    Only partitions without an offset are set. Where nothing was lost a group begins by itself.
    """
    settings = load_settings()
    from app.commands import offsets as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.start(settings, group, at)))


@offsets.command("restored")
def restored(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; else it only tells what it would do.")] = False,
    since: Annotated[
        str | None,
        typer.Option(help="When the store was saved, if it does not tell: 2h, or 2026-11-24T10:00 (UTC)."),
    ] = None,
) -> None:
    """After an older store was restored: every group goes back to what that store has seen done.

    Stop every worker and the poller first. What was done since is found in the target and not made again.
    """
    saved = None if since is None else given_moment(since)
    settings = load_settings()
    from app.commands import offsets_after_loss as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.restored(settings, saved, apply=apply)))


@offsets.command("reread")
def reread(
    since: Annotated[str, typer.Option(help="From when on: 14d, or 2026-11-24T10:00 (UTC).", show_default=False)],
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; else it only tells what it would do.")] = False,
) -> None:
    """After Kafka lost its records and was set up anew: the poller reads both systems again from then on."""
    begin = given_moment(since)
    settings = load_settings()
    from app.commands import offsets_after_loss as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.reread(settings, begin, apply=apply)))
