"""The options of ``tillstream oversells``. Each command imports what it runs when it runs; see oversells.py."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.running import given_reason, load_settings, run_to_end, whoami
from streams.ports import WayOut

oversells = typer.Typer(
    help="Pieces sold in store and online: look, decide what becomes of them.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(help="Number of the oversell, as `list` shows it.", show_default=False)]
Way = Annotated[WayOut, typer.Option(help="What is done about it.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why, for whoever asks later.", show_default=False)]
By = Annotated[str | None, typer.Option("--by", help="Who; else the user of this process.")]


@oversells.command("list")
def list_them() -> None:
    """List what waits for a person: SKU, location, web orders, the ways out; and how old published stock is."""
    settings = load_settings()
    from app.commands import oversells as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.show_list(settings)))


@oversells.command("decide")
def decide(number: Number, way: Way, reason: Reason, by: By = None) -> None:
    """Note what you do about one, so that it waits no more. It comes back if more pieces are missing."""
    why = given_reason(reason)
    settings = load_settings()
    from app.commands import oversells as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.decide(settings, number, way, by=by or whoami(), reason=why)))
