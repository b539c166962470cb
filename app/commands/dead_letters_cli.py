"""The options of ``tillstream dead-letters``. Each command imports what it runs when it runs; see dead_letters.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from app.commands.running import given_moment, given_reason, load_settings, run_to_end, whoami

if TYPE_CHECKING:
    from app.store import Wanted

dead_letters = typer.Typer(help="Events in review: look, let them try again, give them up.", no_args_is_help=True)

OfStage = Annotated[str | None, typer.Option("--stage", help="normalize, inventory or deliver.")]
OfFlow = Annotated[str | None, typer.Option("--flow", help="Id of a flow document.")]
OfTarget = Annotated[str | None, typer.Option("--target", help="Connection that was written to.")]
OfError = Annotated[str | None, typer.Option("--error", help="Class or code, as `list` shows it.")]
OfSubject = Annotated[str | None, typer.Option("--subject", help="Order number or SKU.")]
OfReceipt = Annotated[str | None, typer.Option("--receipt", help="Receipt id, with what it caused.")]
Since = Annotated[str | None, typer.Option("--since", help="First failure: 2h, 3d, or 2026-11-24T10:00 (UTC).")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many, oldest first.")]
By = Annotated[str | None, typer.Option("--by", help="Who, for the journal; else the user of this process.")]


def _wanted(
    limit: int,
    since: str | None,
    stage: str | None,
    flow: str | None,
    target: str | None,
    error: str | None,
    subject: str | None,
    receipt: str | None,
) -> Wanted:
    given = {
        "stage": stage,
        "flow": flow,
        "target": target,
        "error": error,
        "subject": subject,
        "receipt_id": receipt,
    }
    wanted = cast("Wanted", {"limit": limit} | {name: value for name, value in given.items() if value is not None})
    if since is not None:
        wanted["since"] = given_moment(since)
    return wanted


def _narrowed(wanted: Wanted) -> None:
    """Refuse to act on everything by a forgotten option."""
    if wanted.keys() == {"limit"}:
        raise typer.BadParameter("say which: --receipt, --subject, --stage, --flow, --target, --error or --since")


@dead_letters.command("list")
def list_them(
    stage: OfStage = None,
    flow: OfFlow = None,
    target: OfTarget = None,
    error: OfError = None,
    subject: OfSubject = None,
    receipt: OfReceipt = None,
    since: Since = None,
    limit: Limit = 100,
) -> None:
    """List what waits for a person, oldest first, with why."""
    wanted = _wanted(limit, since, stage, flow, target, error, subject, receipt)
    from app.commands import dead_letters as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show_list(load_settings(), wanted)))


@dead_letters.command("show")
def show(receipt: Annotated[str, typer.Argument(help="Receipt id.")]) -> None:
    """Tell everything about one: why, where, how often, its bytes, the stack, and what to do next."""
    settings = load_settings()
    from app.commands import dead_letters as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show(settings, receipt)))


@dead_letters.command("replay")
def replay(
    *,
    stage: OfStage = None,
    flow: OfFlow = None,
    target: OfTarget = None,
    error: OfError = None,
    subject: OfSubject = None,
    receipt: OfReceipt = None,
    since: Since = None,
    limit: Limit = 100,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it would do and write.")] = False,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="So many a second; else a part of the target's budget, or all at once."),
    ] = None,
    edit: Annotated[
        Path | None, typer.Option(help="File with the body to process instead; keeps the original.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what was replayed too often.")] = False,
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.")] = "",
    by: By = None,
) -> None:
    """Let what fits try again. Effects stay once: what the target has already is found there, not made again."""
    wanted = _wanted(limit, since, stage, flow, target, error, subject, receipt)
    _narrowed(wanted)
    settings = load_settings()
    from app.commands import dead_letters as command  # noqa: PLC0415

    how = command.Replay(by or whoami(), reason.strip(), dry_run, rate, force, edit)
    raise typer.Exit(run_to_end(command.replay(settings, wanted, how)))


@dead_letters.command("discard")
def discard(
    *,
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.", show_default=False)],
    stage: OfStage = None,
    flow: OfFlow = None,
    target: OfTarget = None,
    error: OfError = None,
    subject: OfSubject = None,
    receipt: OfReceipt = None,
    since: Since = None,
    limit: Limit = 100,
    by: By = None,
) -> None:
    """Give what fits up for good: nothing is written for it, and what queues behind it goes on.

    That is this one update of each: if an order changes in its source later, that is a new event with a decision of
    its own, and may still create it.
    """
    wanted = _wanted(limit, since, stage, flow, target, error, subject, receipt)
    _narrowed(wanted)
    why = given_reason(reason)
    settings = load_settings()
    from app.commands import dead_letters as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.discard(settings, wanted, by=by or whoami(), reason=why)))
