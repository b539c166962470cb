"""The receivers of webhooks that we have registered, in SQL: which they are, and their sealed secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from app.store.engine import Database
from streams.ports import Clock

_BEGIN = """
INSERT INTO webhook_registrations AS r (connection, url, complete, changed_at) VALUES ($1, '', false, $2)
ON CONFLICT (connection) DO UPDATE SET complete = false, changed_at = excluded.changed_at
"""
_KEEP = """
UPDATE webhook_registrations SET complete = true, webhook_id = $2, url = $3, version = $4, previous = sealed,
    sealed = $5, changed_at = $6
WHERE connection = $1
"""
_ALL = "SELECT connection, webhook_id, url, version, sealed, previous, complete FROM webhook_registrations"


@dataclass(frozen=True, slots=True)
class Registration:
    """A receiver that we have registered.

    Attributes:
        webhook_id: its id in the other system; empty if no registration was ever finished.
        url: where it sends.
        version: of the receiver there when we had registered it; another one means that somebody else has changed it.
        sealed: its secret and the one before it, newest first, as `app.connect.seal` closed them.
        complete: False from before a registration is sent until its secret is kept: then the secret in force is not
            known.
    """

    webhook_id: str
    url: str
    version: str
    sealed: tuple[bytes, ...]
    complete: bool


class Registrations(Protocol):
    """Remembers what we have registered, by connection."""

    async def all(self) -> Mapping[str, Registration]:
        """Every registration by its connection."""
        ...

    async def begin(self, connection: str) -> None:
        """A registration is about to be sent; durable on return. What was known stays."""
        ...

    async def keep(self, connection: str, registration: Registration) -> None:
        """The registration that was begun is done; its secret is the first of ``sealed``."""
        ...


class SqlRegistrations:
    """Implements `Registrations`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> Mapping[str, Registration]:
        """Every registration by its connection."""
        return {
            row["connection"]: Registration(
                row["webhook_id"],
                row["url"],
                row["version"],
                tuple(bytes(sealed) for sealed in (row["sealed"], row["previous"]) if sealed),
                row["complete"],
            )
            for row in await self._database.fetch(_ALL)
        }

    async def begin(self, connection: str) -> None:
        """A registration is about to be sent."""
        await self._database.fetch(_BEGIN, connection, self._clock.now())

    async def keep(self, connection: str, registration: Registration) -> None:
        """The registration that was begun is done."""
        kept = registration.webhook_id, registration.url, registration.version, registration.sealed[0]
        await self._database.fetch(_KEEP, connection, *kept, self._clock.now())
