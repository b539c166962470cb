"""Has stock and products read again of which a write may have landed after a newer one, once all writes have settled.

Nothing else would: the web store has another value than the one that was applied last, every reading equals the latter,
and the point of sale has no news.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog

from schemas.canonical import StockHint
from schemas.documents.flow import Normalize
from schemas.envelope import Envelope, Via, root_of
from streams.errors import TillstreamError
from streams.hints import stock_hint
from streams.ports import Clock, OpenWrite, OpenWrites, Outgoing, Publisher
from streams.read_again import hint_to_read

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
"""Time between two looks."""
AT_ONCE = 200
"""Writes of one look; bounds what a target that was down for long puts before the other hints."""
SKU = "sku"
"""Type of the refs of stock."""
AGAIN = timedelta(minutes=1)
"""The least time for an entity to be read and written before it is read once more."""


class Doubts:
    """Clears the doubts about one target. Any number of its workers may do so at a time.

    Args:
        systems: connection -> system.
        rereads: how an entity is read again, by its system and the type of its refs; stock is by its hints.
    """

    def __init__(
        self,
        target: str,
        writes: OpenWrites,
        publisher: Publisher,
        clock: Clock,
        *,
        systems: Mapping[str, str],
        rereads: Mapping[tuple[str, str], Normalize],
    ) -> None:
        self._target = target
        self._writes = writes
        self._publisher = publisher
        self._clock = clock
        self._systems = systems
        self._rereads = rereads

    async def clear(self) -> None:
        """Look for ever. A store or a Kafka that is down costs time only."""
        while True:
            try:
                await self.look()
            except TillstreamError as error:
                log.warning("doubts_not_cleared", target=self._target, problem=error.message)
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Publish a hint for each entity in doubt whose writes have all had their time. Raises TillstreamError."""
        writes = await self._writes.due(self._target, again=AGAIN, limit=AT_ONCE)
        if not writes:
            return
        hints = map(self._hint, writes)
        await self._publisher.publish([hint for hint in hints if hint is not None])
        for write in writes:
            name = write.entity.native_id
            log.info(
                "write_in_doubt",
                target=self._target,
                receipt_id=write.receipt_id,
                subject=name,
                problem=f"{self._target} may have taken an older value of '{name}' after a newer one. "
                f"{write.entity.connection} is read again, and what it has now is written; nothing is to be done.",
            )

    def _hint(self, write: OpenWrite) -> Outgoing | None:
        """None if the documents or settings no longer say how it is read."""
        entity, system = write.entity, self._systems.get(write.entity.connection, "")
        received_ms = round(self._clock.now().timestamp() * 1000)
        receipt_id = f"{root_of(write.receipt_id)}.doubt{write.id}-{received_ms}"  # each reading ends by itself
        if entity.type != SKU:
            keys = self._rereads.get((system, entity.type))
            return None if keys is None else hint_to_read(receipt_id, received_ms, keys, entity)
        envelope = Envelope(
            receipt_id=receipt_id,
            connection=entity.connection,
            system=system,
            entity="stock_hint",
            native_id=entity.native_id,
            received_ms=received_ms,
            via=Via.STAGE,
            subject=entity.native_id,
        )
        return stock_hint(entity.connection, StockHint(sku=entity.native_id, cause="doubt"), envelope)
