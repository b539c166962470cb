"""The secrets of the receivers that ``tillstream connect`` has registered, kept up to date while the door is open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

import structlog
from pydantic import SecretStr

from app.connect.seal import Seal
from app.connections import Connection, HeartlandConnection
from app.ingress.handler import WebhookHandler, senders_of
from app.store.registrations import Registrations
from streams.errors import TillstreamError
from streams.ports import Clock

EVERY_SECONDS = 30.0
"""A webhook under a secret that the door does not know yet is refused until then, and its sender tries again."""
FIRST_SECONDS = 5.0
"""How long the door stays shut for the first read."""

Secrets = Mapping[str, tuple[SecretStr, ...]]
"""By connection."""

log = structlog.get_logger(__name__)


async def registered_secrets(connections: Mapping[str, Connection], registrations: Registrations) -> Secrets:
    """The secrets in force and those before them. Raises like `app.store.registrations.Registrations`."""
    found: dict[str, tuple[SecretStr, ...]] = {}
    for name, registration in (await registrations.all()).items():
        connection = connections.get(name)
        if isinstance(connection, HeartlandConnection):
            seal = Seal(connection.client_secret)
            opened = [seal.open(sealed) for sealed in registration.sealed]
            found[name] = tuple(secret for secret in opened if secret is not None)
    return found


class SecretsFollower:
    """Tells the door of every secret that is registered, also while the store is away: then of those that it knew."""

    def __init__(
        self,
        handler: WebhookHandler,
        connections: Mapping[str, Connection],
        read: Callable[[], Awaitable[Secrets]],
        clock: Clock,
    ) -> None:
        self._handler = handler
        self._connections = connections
        self._read = read
        self._clock = clock

    async def first(self) -> None:
        """Read them before the door opens, if the store answers in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self.once()

    async def run(self) -> None:
        """Read them again and again, until it is cancelled."""
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            await self.once()

    async def once(self) -> None:
        """Read them. A store that is away changes nothing."""
        try:
            found = await self._read()
        except TillstreamError as error:
            log.warning(
                "the secrets of registered webhooks could not be read; the door goes on with those that it knows",
                problem=error.message,
            )
            return
        self._handler.trust(senders_of(self._connections, found))
