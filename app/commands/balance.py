"""``tillstream balance``."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from app.balance.kafka import reading
from app.balance.show import show_equations
from app.balance.take import Balance, take_balance, way_of
from app.clock import SystemClock
from app.commands.store import with_store
from app.settings import Settings
from app.store import Store


async def run(settings: Settings, since: datetime | None) -> int:
    """Print what became of everything that the door accepted. Returns 1 if something is missing or counted twice."""

    async def work(store: Store) -> Balance:
        async with reading(settings.kafka) as log:
            return await take_balance(log, store.receipts, way_of(settings.systems), SystemClock().sleep, since)

    balance = await with_store(settings, work, role="balance")
    console = Console(soft_wrap=True, highlight=False)
    show_equations(console, balance)
    if not balance.holds:
        return 1
    console.print("balanced: each is in one place")
    return 0
