"""The tables. `migrations/` makes them; a test holds that both say the same."""

from __future__ import annotations

from app.store.tables.base import metadata
from app.store.tables.decisions import cutovers, guard_changes, guard_holds, oversells, stops
from app.store.tables.effects import agreements, applied, ledger, links, open_writes, written_stock
from app.store.tables.events import FINAL, ended, held, journal, owners
from app.store.tables.sources import cursors, feed_leases, webhook_registrations
from app.store.tables.upkeep import checks

__all__ = [
    "FINAL",
    "agreements",
    "applied",
    "checks",
    "cursors",
    "cutovers",
    "ended",
    "feed_leases",
    "guard_changes",
    "guard_holds",
    "held",
    "journal",
    "ledger",
    "links",
    "metadata",
    "open_writes",
    "oversells",
    "owners",
    "stops",
    "webhook_registrations",
    "written_stock",
]
