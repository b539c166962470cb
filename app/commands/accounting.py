"""``tillstream accounting export``: a business day's journals, in a file that an accounting program imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from app.accounting.histories import read_histories
from app.accounting.till import locations_of
from app.commands.joints import opened, progress_bar
from app.commands.reconcile import payouts_of
from app.commands.store import say
from app.exit_codes import FAILED, OK
from app.reconcile.joint import Joint
from app.settings import Settings
from schemas.documents import AccountMap
from streams.accounting.booking import Booking
from streams.accounting.fees import payout_bookings
from streams.accounting.formats import Format, written
from streams.accounting.journal import journals, read_account_map
from streams.accounting.sale import bookings_of
from streams.business_date import bounds
from streams.reconcile.payouts import Payout


@dataclass(frozen=True, slots=True)
class Export:
    """What the command line says.

    Attributes:
        location: that one alone; None for all.
        payouts: the gateway's file, whose fees are booked.
        output: where the journals go; None for standard output.
        leave_out: write them also if sales are missing that could not be understood.
    """

    day: date
    accounts: Path
    format: Format = Format.CSV
    location: str | None = None
    payouts: Path | None = None
    output: Path | None = None
    leave_out: bool = False


async def run(settings: Settings, export: Export) -> int:
    """Write the journals of every pair of systems that channels join. Returns 1 if sales are missing.

    Raises:
        BadParameter: no channel joins anything, or a file cannot be used.
        DocumentError: the account map is wrong.
    """
    accounts = account_map(export.accounts)
    with progress_bar() as progress:
        async with opened(settings, progress, role="accounting") as both:
            return await write_journals(both.joints, export, accounts)


async def write_journals(joints: Sequence[Joint], export: Export, accounts: AccountMap) -> int:
    """The same, with systems that are open."""
    if not joints:
        raise typer.BadParameter("no channel joins a web store and a point of sale: see `tillstream settings`")
    bookings: list[Booking] = []
    zones: dict[str, ZoneInfo] = {}
    left_out: list[str] = []
    read: set[str] = set()
    for joint in joints:
        histories = await read_histories(joint, *_reach(joint, export.day), in_store=joint.pos_name not in read)
        read.add(joint.pos_name)
        zones |= joint.zones(locations_of(histories.found))
        bookings += [booking for history in histories.found for booking in bookings_of(history)]
        left_out += histories.left_out
    bookings += _fees(joints[0], payouts_of(export.payouts) or (), zones)
    for problem in left_out:
        typer.echo(f"left out: {problem}", err=True)
    if left_out and not export.leave_out:
        typer.echo(
            f"{len(left_out)} sale(s) could not be understood, so the books would lack them. Nothing was written: mend "
            "them, or say it again with --leave-out and book them by hand.",
            err=True,
        )
        return FAILED
    _write(export, accounts, bookings, zones)
    return FAILED if left_out else OK


def account_map(file: Path) -> AccountMap:
    """The account map. Raises BadParameter if it cannot be read, DocumentError if it is wrong."""
    try:
        return read_account_map(file.name, file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read: {error}", param_hint="--accounts") from error


def _reach(joint: Joint, day: date) -> tuple[datetime, datetime]:
    """The business day of all locations together: those in the east begin it first."""
    channels = joint.channels.between(pos=joint.pos_name, web=joint.web_name)
    places = [(one, place) for one in channels for place in (*one.sources, *one.time_zones, one.location)]
    days = [bounds(day, channel.zone_of(place)) for channel, place in places]
    return min(first for first, _ in days), max(end for _, end in days)


def _fees(joint: Joint, payouts: Sequence[Payout], zones: dict[str, ZoneInfo]) -> tuple[Booking, ...]:
    """Booked at the location of the first channel: a gateway's contract is not a store's."""
    channel, *_ = joint.channels.between(pos=joint.pos_name, web=joint.web_name)
    zones.setdefault(channel.location, channel.zone_of(channel.location))
    return payout_bookings(payouts, channel.location, zones[channel.location])


def _write(export: Export, accounts: AccountMap, bookings: Sequence[Booking], zones: Mapping[str, ZoneInfo]) -> None:
    found = journals(bookings, accounts, zones, export.day, export.location)
    text = written(found, accounts, export.format)
    if export.output is None:
        typer.echo(text, nl=False)
        return
    try:
        export.output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise typer.BadParameter(f"{export.output} cannot be written: {error.strerror}") from error
    lines = sum(len(journal.postings) for journal in found)
    say(f"{len(found)} journal(s) of {export.day} with {lines} lines written to {export.output}")
    for journal in found:
        if journal.posted_on != journal.business_day:
            say(f"{journal.number}: {journal.business_day} is closed, so it is posted on {journal.posted_on}")
