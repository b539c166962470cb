"""The options of ``tillstream reconcile``. Each command imports what it runs when it runs; see reconcile.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.running import given_moment, load_settings, run_to_end, whoami

if TYPE_CHECKING:
    from app.commands.reconcile import Options

reconcile = typer.Typer(
    help="Compare both systems: what one has and the other has not, or has differently, with amounts. Exit code 0: no "
    "drift, or all of it is being repaired; 1: drift is left.",
    no_args_is_help=True,
)

Since = Annotated[str | None, typer.Option(help="From when on: 2h, 3d, or 2026-11-24T10:00 (UTC).")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="One business day, in the channel's time zone.")
]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write every drift into this file.", show_default=False)]
Grace = Annotated[int, typer.Option(min=0, help="Minutes; what changed so lately is on its way, and not judged.")]
Doing = Annotated[bool, typer.Option("--repair", help="Publish events that have what drifts read again.")]
UpTo = Annotated[int | None, typer.Option(min=0, help="Repair so many drifts at most; else 20, or 5 %.")]
Confirm = Annotated[int | None, typer.Option(help="How many events the repair takes, as the list said.")]
Reason = Annotated[str, typer.Option(help="Why; the journal keeps it.")]
Payouts = Annotated[
    Path | None,
    typer.Option(help="Gateway's payouts: CSV with date,reference,gross,fee,net,currency.", show_default=False),
]


@reconcile.command("orders")
def orders(
    *,
    since: Since = None,
    day: Day = None,
    csv: Csv = None,
    grace: Grace = 15,
    repair: Doing = False,
    up_to: UpTo = None,
    confirm: Confirm = None,
    reason: Reason = "",
) -> None:
    """Web orders and the point of sale's: missing, doubled, of another total, not cancelled; of 7 days by default.

    A repair takes --confirm N, as the list says, and --reason.
    """
    _run("orders", _options(since, day, csv, grace, repair=repair, up_to=up_to, confirm=confirm, reason=reason))


@reconcile.command("stock")
def stock(
    *,
    since: Since = None,
    csv: Csv = None,
    grace: Grace = 15,
    repair: Doing = False,
    up_to: UpTo = None,
    reason: Reason = "",
) -> None:
    """Every pair of SKU and source against the formula, with the share that is right.

    --since must reach back to the oldest order that is not shipped; 180 days by default.
    """
    _run("stock", _options(since, None, csv, grace, repair=repair, up_to=up_to, reason=reason))


@reconcile.command("customers")
def customers(
    *,
    since: Since = None,
    csv: Csv = None,
    grace: Grace = 15,
    repair: Doing = False,
    up_to: UpTo = None,
    reason: Reason = "",
) -> None:
    """Accounts and profiles, by link and e-mail: missing, not linked, or a field apart; all of them by default."""
    _run("customers", _options(since, None, csv, grace, repair=repair, up_to=up_to, reason=reason))


@reconcile.command("payments")
def payments(
    *,
    since: Since = None,
    day: Day = None,
    payouts: Payouts = None,
    csv: Csv = None,
    grace: Grace = 15,
    repair: Doing = False,
    up_to: UpTo = None,
    confirm: Confirm = None,
    reason: Reason = "",
) -> None:
    """Web orders' money by business date in both systems, against Heartland's report, and the gateway's payouts.

    Of 7 days by default. A repair takes --confirm N, as the list says, and --reason.
    """
    options = _options(
        since, day, csv, grace, payouts=payouts, repair=repair, up_to=up_to, confirm=confirm, reason=reason
    )
    _run("payments", options)


def _options(
    since: str | None,
    day: datetime | None,
    csv: Path | None,
    grace: int,
    *,
    payouts: Path | None = None,
    repair: bool,
    up_to: int | None,
    confirm: int | None = None,
    reason: str,
) -> Options:
    if since is not None and day is not None:
        raise typer.BadParameter("give --since or --day, not both", param_hint="--day")
    from app.commands.reconcile import Options  # noqa: PLC0415

    return Options(
        since=None if since is None else given_moment(since),
        day=None if day is None else day.date(),
        grace=timedelta(minutes=grace),
        csv=csv,
        payouts=payouts,
        repair=repair,
        up_to=up_to,
        confirm=confirm,
        reason=reason,
        by=whoami(),
    )


def _run(subject: str, options: Options) -> None:
    settings = load_settings()
    from app.commands import reconcile as command  # noqa: PLC0415
    from streams.reconcile.drift import Subject  # noqa: PLC0415

    raise typer.Exit(run_to_end(command.run(settings, Subject(subject), options)))
