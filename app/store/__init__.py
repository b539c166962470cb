"""Durable facts in PostgreSQL: links, ledger, revisions, held events, journal, cursors, leases, stops, guards."""

from app.store.cursors import Cursors
from app.store.desk import Edit, HeldDesk, HeldEvent, Wanted
from app.store.leases import Leases
from app.store.registrations import Registrations
from app.store.store import Store, migrate

__all__ = ["Cursors", "Edit", "HeldDesk", "HeldEvent", "Leases", "Registrations", "Store", "Wanted", "migrate"]
