"""Watches the receivers that we have registered, and repairs one that is missing or was changed."""

from __future__ import annotations

import structlog

from app.connect.heartland import HeartlandDoor
from app.polling.turns import Turns, handed_on_if_it_fails
from streams.metrics import Metrics
from streams.ports import Clock

log = structlog.get_logger(__name__)


def turn_name(connection: str) -> str:
    """Name of the lease under which one process at a time looks after a connection's webhooks."""
    return f"{connection}.webhooks"


class WebhookWatch:
    """Implements `app.polling.polls.Poll` for one account."""

    def __init__(self, door: HeartlandDoor, turns: Turns, clock: Clock, metrics: Metrics, every_seconds: float) -> None:
        self._door = door
        self._turn = turns.of(self.name)
        self._clock = clock
        self._metrics = metrics
        self._every_seconds = every_seconds

    @property
    def name(self) -> str:
        """``pos.webhooks``."""
        return turn_name(self._door.name)

    async def once(self) -> float:
        """Look at the registration and repair it, unless another process does just now."""
        if not await self._turn.begin():
            return self._every_seconds
        async with handed_on_if_it_fails(self._turn):
            for done in await self._door.connect():
                self._metrics.registered(done.connection, done.did.value)
                if done.changes:
                    log.warning(
                        "webhook_repaired",
                        connection=done.connection,
                        item=done.item,
                        did=done.did.value,
                        why=done.why,
                        lost="nothing: polling reads what it did not tell",
                    )
            await self._turn.finish(self._clock.now())
        await self._turn.end()
        return self._every_seconds

    async def close(self) -> None:
        """Let another process look at once."""
        await self._turn.end()
