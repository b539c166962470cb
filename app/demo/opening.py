"""The demo's shop opens: every flow is launched, as `tillstream launch` does it one by one in a shop."""

from __future__ import annotations

from datetime import UTC, datetime

from app.clock import SystemClock
from app.demo.programs import FLOWS, POS, WEB
from app.store import Store
from streams.ports import Way

BEFORE_OPENING = datetime(1970, 1, 1, tzinfo=UTC)
"""The demo's shop has no past that could be carried over by accident."""


async def open_shop(postgres: str) -> None:
    """Launch every flow of the demo, both ways, in a migrated database; again, it changes nothing."""
    store = Store.open(postgres, role="opening", clock=SystemClock(), connections=1)
    try:
        for flow in FLOWS:
            for way in (Way(flow, WEB, POS), Way(flow, POS, WEB)):
                await store.cutovers.launch(way, BEFORE_OPENING, by="the demo")
    finally:
        await store.close()
