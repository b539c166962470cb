"""The options of ``tillstream accounting``. Each command imports what it runs when it runs; see accounting.py."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.commands.running import load_settings, run_to_end

accounting = typer.Typer(help="Journals for whoever keeps the shop's books.", no_args_is_help=True)


class Into(StrEnum):
    """What the file is for."""

    CSV = "csv"
    IIF = "iif"
    QBO = "qbo"
    XERO = "xero"


@accounting.callback()
def _group() -> None:
    """Journals for whoever keeps the shop's books."""


@accounting.command("export")
def export(
    *,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Business day, in each location's time zone.")],
    accounts: Annotated[Path, typer.Option(help="Account map: a YAML file.")],
    location: Annotated[str | None, typer.Option(help="Only this Heartland location.")] = None,
    into: Annotated[
        Into, typer.Option("--format", help="iif: QuickBooks Desktop, qbo: QuickBooks Online, xero, or plain csv.")
    ] = Into.CSV,
    payouts: Annotated[
        Path | None,
        typer.Option(help="Gateway's payouts, whose fees are booked: CSV with date,reference,gross,fee,net,currency."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File; else standard output.")] = None,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Write it although sales are missing.")] = False,
) -> None:
    """Write a day's journals as double entries: deposits, sales, tax by jurisdiction, shipping, gift cards, fees.

    Exit code 1: sales that could not be understood are missing, or nothing was written because of them.
    """
    settings = load_settings()
    from app.commands import accounting as command  # noqa: PLC0415
    from streams.accounting.formats import Format  # noqa: PLC0415

    wanted = command.Export(
        day=day.date(),
        accounts=accounts,
        format=Format(into.value),
        location=location,
        payouts=payouts,
        output=output,
        leave_out=leave_out,
    )
    raise typer.Exit(run_to_end(command.run(settings, wanted)))
