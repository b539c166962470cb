"""The real time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """Implements `streams.ports.Clock` on the machine's clock and the running event loop."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait; nothing or less than nothing only gives other tasks their turn."""
        await asyncio.sleep(max(0.0, seconds))
