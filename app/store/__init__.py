"""Durable facts in PostgreSQL: links, effect ledger, applied revisions, held events, journal, cursors."""

from app.store.cursors import Cursors
from app.store.desk import HeldDesk, HeldEvent
from app.store.journal import Balance
from app.store.store import Store, migrate

__all__ = ["Balance", "Cursors", "HeldDesk", "HeldEvent", "Store", "migrate"]
