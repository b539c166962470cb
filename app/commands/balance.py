"""``tillstream balance``."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console

from app.balance.kafka import reading
from app.balance.show import show_equations
from app.balance.take import take_balance, way_of
from app.clock import SystemClock
from app.settings import Settings
from app.store import Store


async def run(settings: Settings, since: datetime | None) -> int:
    """Print what became of everything that the door accepted. Returns 1 if something is missing or counted twice."""
    clock = SystemClock()
    store = Store.open(settings.store.url.get_secret_value(), role="balance", clock=clock, connections=2)
    way = way_of({name: connection.system for name, connection in settings.connections.items()})
    try:
        async with reading(settings.kafka) as log:
            balance = await take_balance(log, store.receipts, way, clock.sleep, since)
    finally:
        await store.close()
    console = Console(soft_wrap=True, highlight=False)
    show_equations(console, balance)
    if not balance.holds:
        return 1
    console.print("balanced: each is in one place")
    return 0
