"""The options of ``tillstream gift-cards``. Each command imports what it runs when it runs; see gift_cards.py."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.running import given_reason, load_settings, run_to_end, whoami

gift_cards = typer.Typer(help="Gift cards, whose numbers are money.", no_args_is_help=True)


@gift_cards.callback()
def _group() -> None:
    """Keeps the command's name even while it is the only one."""


@gift_cards.command("reveal")
def reveal(
    receipt: Annotated[str, typer.Argument(help="Receipt of an event in review.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why; it is kept in the journal with your name.", show_default=False)],
    by: Annotated[str | None, typer.Option("--by", help="Who, for the journal; else the user of this process.")] = None,
) -> None:
    """Show the whole number of the gift card that an event in review is about, if the web store still tells it."""
    why = given_reason(reason)
    settings = load_settings()
    from app.commands import gift_cards as command  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.reveal(settings, receipt, by=by or whoami(), reason=why)))
