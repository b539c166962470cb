"""Tells the metrics how long certificates and secrets are good yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import structlog

from app.settings import Settings
from app.upkeep.certificates import Address, CertificateUnread, good_until
from streams.metrics import Metrics
from streams.ports import Clock

EVERY_SECONDS = 3600.0
AGAIN_SECONDS = 300.0
"""After an address showed none."""

log = structlog.get_logger(__name__)


class ExpiryWatch:
    """Implements `app.polling.polls.Poll`: looks at every certificate, and at what the settings say of secrets.

    Args:
        addresses: that show certificates.
        secrets: when the secrets of connections end, as far as that is known.
        good_until: looks at one address.
    """

    name = "expiry"

    def __init__(
        self,
        addresses: Sequence[Address],
        secrets: Mapping[str, datetime],
        clock: Clock,
        metrics: Metrics,
        good_until: Callable[[Address], Awaitable[datetime]] = good_until,
    ) -> None:
        self._addresses = addresses
        self._secrets = secrets
        self._clock = clock
        self._metrics = metrics
        self._good_until = good_until
        self._known: dict[Address, datetime] = {}

    async def once(self) -> float:
        """Look and tell. An address that cannot be reached keeps what was seen there last."""
        seen = await asyncio.gather(*(self._look(address) for address in self._addresses))
        self._metrics.upkeep.secrets_expire({name: self._left(end) for name, end in self._secrets.items()})
        certificates: dict[str, float] = {}
        for address, end in self._known.items():
            certificates[address.name] = min(self._left(end), certificates.get(address.name, float("inf")))
        self._metrics.upkeep.certificates_expire(certificates)
        return EVERY_SECONDS if all(seen) else AGAIN_SECONDS

    async def close(self) -> None:
        """It holds nothing."""

    async def _look(self, address: Address) -> bool:
        try:
            self._known[address] = await self._good_until(address)
        except CertificateUnread as error:
            log.warning("certificate_unread", connection=address.name, problem=str(error))
            return False
        return True

    def _left(self, end: datetime) -> float:
        return (end - self._clock.now()).total_seconds()


def secrets_of(settings: Settings) -> Mapping[str, datetime]:
    """When secrets of connections end, where the settings say."""
    told = {name: connection.secrets_expire for name, connection in settings.connections.items()}
    return {name: end for name, end in told.items() if end is not None}
