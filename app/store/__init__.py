"""Durable facts in PostgreSQL: links, ledger, applied revisions, held events, journal, cursors, stops, guards."""

from app.store.cursors import Cursors
from app.store.desk import Edit, HeldDesk, HeldEvent, Wanted
from app.store.store import Store, migrate

__all__ = ["Cursors", "Edit", "HeldDesk", "HeldEvent", "Store", "Wanted", "migrate"]
