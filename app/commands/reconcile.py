"""``tillstream reconcile orders|stock|customers|payments``: compare both systems, tell the drift, have it repaired."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import typer

from app.clock import SystemClock
from app.commands.joints import advance, opened, progress_bar
from app.commands.results import keep_result
from app.commands.store import say
from app.exit_codes import FAILED, OK
from app.polling.polls import EVERYTHING
from app.reconcile.customers import reconcile_customers
from app.reconcile.joint import Joint, Window
from app.reconcile.orders import reconcile_orders
from app.reconcile.payments import reconcile_payments
from app.reconcile.repair import Repair
from app.reconcile.showing import SHOWN, day_table, drift_table, show, write_csv
from app.reconcile.stock import reconcile_stock
from app.settings import Settings
from streams.business_date import bounds
from streams.ports import CheckNumber, CheckResult, Checks, Clock
from streams.reconcile.drift import Comparison, Subject, summary
from streams.reconcile.limits import require_decided, require_few
from streams.reconcile.payouts import Payout, PayoutFileError, read_payouts

DEFAULT_DAYS: Mapping[Subject, int | None] = {
    Subject.ORDERS: 7,
    Subject.PAYMENTS: 7,
    Subject.STOCK: 180,
    Subject.CUSTOMERS: None,
}
"""How far back is looked without --since; None looks at all. Stock must reach back to the oldest unshipped order."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says.

    Attributes:
        since, day: what is compared; at most one of them.
        grace: what changed so lately is on its way, and not judged.
        csv: where all drifts are written.
        payouts: the gateway's file.
        repair: publish what repairs the drift.
        up_to: the most drifts that are repaired.
        confirm, reason: a person's second look, where money moves.
        by: who.
    """

    since: datetime | None = None
    day: date | None = None
    grace: timedelta = timedelta(minutes=15)
    csv: Path | None = None
    payouts: Path | None = None
    repair: bool = False
    up_to: int | None = None
    confirm: int | None = None
    reason: str = ""
    by: str = ""


async def run(settings: Settings, subject: Subject, options: Options) -> int:
    """Compare every pair of systems that channels join. Returns 1 if drift is left that nothing was published for.

    Raises:
        BadParameter: no channel joins anything, or a file cannot be used.
        Rejected: a repair is refused; nothing of that pair was published.
    """
    with progress_bar() as progress:
        async with opened(settings, progress, role="reconcile") as both:
            return await reconcile(both.joints, subject, options, both.store.checks, SystemClock(), both.repair)


async def reconcile(
    joints: Sequence[Joint],
    subject: Subject,
    options: Options,
    checks: Checks,
    clock: Clock,
    repair: Callable[[], Awaitable[Repair]],
) -> int:
    """The same, with systems that are open; ``repair`` is called where one is wanted. Returns and raises as `run`.

    What was found is kept in ``checks``, for the metrics; what is being repaired no longer counts as failed.
    """
    if not joints:
        raise typer.BadParameter("no channel joins a web store and a point of sale: see `tillstream settings`")
    payouts = payouts_of(options.payouts)
    found: list[Comparison] = []
    for joint in joints:
        window = _window(joint, subject, options, clock.now())
        comparison = await _compare(joint, subject, window, payouts)
        found.append(comparison)
        _tell(comparison, joint)
    drifts = [drift for one in found for drift in one.drifts]
    result = CheckResult(subject.value, clock.now(), bool(drifts), _numbers(joints, subject, found))
    whole = options.since is None and options.day is None
    await keep_result(checks, result, whole=whole)
    if options.csv is not None:
        _write(options.csv, found)
    if options.repair:
        for comparison in found:
            require_few(comparison, options.up_to)
            require_decided(comparison, options.confirm, options.reason)
        await _repair(found, options, await repair())
        left = [drift for drift in drifts if drift.again is None]
        await keep_result(checks, replace(result, ended_at=clock.now(), failed=bool(left)), whole=whole)
        return FAILED if left else OK
    return FAILED if drifts else OK


def _numbers(joints: Sequence[Joint], subject: Subject, found: Sequence[Comparison]) -> tuple[CheckNumber, ...]:
    """SKUs that drift in each web store; of other subjects whether any does is enough."""
    if subject is not Subject.STOCK:
        return ()
    skus: dict[str, set[str]] = {joint.web_name: set() for joint in joints}
    for joint, comparison in zip(joints, found, strict=True):
        skus[joint.web_name] |= {f"{again.connection}:{again.native_id}" for again in comparison.repairs}
    return tuple(CheckNumber((web,), len(drifting)) for web, drifting in skus.items())


async def _compare(joint: Joint, subject: Subject, window: Window, payouts: Sequence[Payout] | None) -> Comparison:
    match subject:
        case Subject.ORDERS:
            return await reconcile_orders(joint, window)
        case Subject.STOCK:
            return await reconcile_stock(joint, window)
        case Subject.CUSTOMERS:
            return await reconcile_customers(joint, window)
        case Subject.PAYMENTS:
            found = await reconcile_payments(joint, window, payouts)
            if found.days:
                show(day_table(found.days))
            return found.comparison


def _window(joint: Joint, subject: Subject, options: Options, now: datetime) -> Window:
    settled_before = now - options.grace
    if options.day is not None:
        channel, *_ = joint.channels.between(pos=joint.pos_name, web=joint.web_name)
        return Window(*bounds(options.day, channel.zone_of(channel.location)), settled_before)
    days = DEFAULT_DAYS[subject]
    first = options.since or (EVERYTHING if days is None else now - timedelta(days=days))
    return Window(first, now, settled_before)


def _tell(comparison: Comparison, joint: Joint) -> None:
    if comparison.drifts:
        show(drift_table(comparison.drifts))
    if len(comparison.drifts) > SHOWN:
        say(f"{len(comparison.drifts) - SHOWN} more: --csv FILE has all of them")
    say(f"{joint.web_name} and {joint.pos_name}: {summary(comparison)}")
    for note in comparison.notes:
        say(note)


async def _repair(found: Sequence[Comparison], options: Options, repair: Repair) -> None:
    for comparison in found:
        wanted = comparison.repairs
        if not wanted:
            continue
        with progress_bar() as progress:
            task = progress.add_task("published", total=len(wanted))
            tell = partial(advance, progress, task)
            await repair.publish(comparison.subject, wanted, by=options.by, reason=options.reason, tell=tell)
        say(f"{len(wanted)} event(s) published: each is read again. Reconcile again when the workers are through")


def payouts_of(file: Path | None) -> Sequence[Payout] | None:
    """The gateway's payouts; None without a file. Raises BadParameter if it cannot be used."""
    if file is None:
        return None
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return read_payouts(stream)
    except (OSError, UnicodeDecodeError, PayoutFileError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="--payouts") from error


def _write(file: Path, found: Sequence[Comparison]) -> None:
    try:
        write_csv(file, found)
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be written: {error.strerror}", param_hint="--csv") from error
