"""The options of ``tillstream guards``. Each command imports what it runs when it runs; see guards.py."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.running import given_reason, load_settings, run_to_end, whoami

guards = typer.Typer(help="Mass changes that wait for a person: look, approve, reject.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the guard, as `list` shows it.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the decision and in the journal.", show_default=False)]
By = Annotated[str | None, typer.Option("--by", help="Who, for the journal; else the user of this process.")]


@guards.command("list")
def list_them() -> None:
    """List what the guards hold, with why and the commands that end it."""
    settings = load_settings()
    from app.commands import guards as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show_list(settings)))


@guards.command("show")
def show(number: Number) -> None:
    """Tell every change in a guard's list: SKU, before, after, and how it stands."""
    settings = load_settings()
    from app.commands import guards as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show(settings, number)))


@guards.command("approve")
def approve(number: Number, reason: Reason, by: By = None) -> None:
    """Let exactly this list pass: each SKU is read again, and what it has then is written."""
    why = given_reason(reason)
    settings = load_settings()
    from app.commands import guards as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.approve(settings, number, by=by or whoami(), reason=why)))


@guards.command("reject")
def reject(number: Number, reason: Reason, by: By = None) -> None:
    """Give this list up: nothing of it is written, and for a day the same changes are held again."""
    why = given_reason(reason)
    settings = load_settings()
    from app.commands import guards as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.reject(settings, number, by=by or whoami(), reason=why)))
