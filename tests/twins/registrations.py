"""Registered receivers of webhooks in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.store.registrations import Registration


class MemoryRegistrations:
    """Implements `app.store.registrations.Registrations`."""

    def __init__(self) -> None:
        self._rows: dict[str, Registration] = {}

    async def all(self) -> Mapping[str, Registration]:
        return dict(self._rows)

    async def begin(self, connection: str) -> None:
        known = self._rows.get(connection, Registration("", "", "", (), complete=False))
        self._rows[connection] = replace(known, complete=False)

    async def keep(self, connection: str, registration: Registration) -> None:
        before = self._rows[connection].sealed[:1]
        self._rows[connection] = replace(registration, sealed=(*registration.sealed[:1], *before), complete=True)
