"""The options of ``tillstream alias``; it imports what it runs when it runs, see aliases.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.commands.running import asked, load_settings, run_to_end


def alias(
    web_sku: Annotated[str | None, typer.Argument(help="SKU in Magento.", show_default=False)] = None,
    pos_sku: Annotated[str | None, typer.Argument(help="SKU in Heartland.", show_default=False)] = None,
    channel: Annotated[str | None, typer.Option(help="Channel; may be left out where there is one.")] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", help="Accept all pairs of a SKU report of `observe --csv`.", exists=True, dir_okay=False),
    ] = None,
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Give up another alias that the web SKU has.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Say that two SKUs are the same piece of goods; shows what waits for it, then releases it."""
    if (csv is None) == (web_sku is None or pos_sku is None):
        raise typer.BadParameter("give both SKUs, or a report with --csv", param_hint="WEB_SKU POS_SKU")
    if pos_sku is not None and pos_sku.startswith("<"):
        raise typer.BadParameter(f"put the SKU itself in the place of '{pos_sku}'", param_hint="POS_SKU")
    settings = load_settings()
    from app.commands import aliases  # noqa: PLC0415

    if csv is not None:
        raise typer.Exit(run_to_end(aliases.accept(settings, csv, channel, asked(yes=yes))))
    wanted = aliases.Wanted(web_sku or "", pos_sku or "", channel, replace)
    asks = asked(yes=yes or not sys.stdin.isatty())  # a script that names the pair has decided
    raise typer.Exit(run_to_end(aliases.add(settings, wanted, asks)))
