"""``tillstream balance``."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from app.balance.kafka import reading
from app.balance.show import show_equations
from app.balance.take import Balance, take_balance, way_of
from app.clock import SystemClock
from app.commands.results import keep_result
from app.commands.store import with_store
from app.settings import Settings
from app.store import Store
from streams.metrics.upkeep import BALANCE
from streams.ports import CheckNumber, CheckResult


async def run(settings: Settings, since: datetime | None) -> int:
    """Print what became of everything that the door accepted, and keep it for the metrics.

    Returns 1 if something is missing or counted twice.
    """
    clock = SystemClock()

    async def work(store: Store) -> Balance:
        async with reading(settings.kafka) as log:
            balance = await take_balance(log, store.receipts, way_of(settings.systems), clock.sleep, since)
        show_equations(console, balance)
        await keep_result(store.checks, result_of(balance, clock.now()), whole=since is None)
        return balance

    console = Console(soft_wrap=True, highlight=False)
    balance = await with_store(settings, work, role="balance")
    if not balance.holds:
        return 1
    console.print("balanced: each is in one place")
    return 0


def result_of(balance: Balance, now: datetime) -> CheckResult:
    """The balance as a check."""
    numbers = tuple(CheckNumber(source, count) for source, count in sorted(balance.missing.items()))
    return CheckResult(BALANCE, now, not balance.holds, numbers)
