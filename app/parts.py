"""What every role has, whatever it does."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import dataclass

from app.clock import SystemClock
from app.health import Readiness
from app.settings import Settings
from streams.metrics import Metrics
from streams.ports import NOWHERE, Failpoints


@dataclass(frozen=True, slots=True)
class Parts:
    """What every role has."""

    settings: Settings
    name: str
    clock: SystemClock
    metrics: Metrics
    readiness: Readiness
    stop: asyncio.Event
    failpoints: Failpoints = NOWHERE

    @property
    def owner(self) -> str:
        """This process, for the effect ledger and Kafka."""
        return f"{self.name}@{socket.gethostname()}-{os.getpid()}"
