"""The demo's view of the store: how receipts ended, what is held, how long effects took."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.balance.kafka import reading
from app.balance.take import Balance, Way, take_balance
from app.clock import SystemClock
from app.settings import KafkaSettings
from app.store import Store
from schemas.envelope import received_ms_of
from streams.ports import HoldReason

BY_THEMSELVES = frozenset(HoldReason) - {HoldReason.PERSON}
"""Why events wait that go on without a person."""


@dataclass(frozen=True, slots=True)
class Review:
    """One event that waits for a person."""

    subject: str
    message: str
    receipt_id: str


class StoreView:
    """Reads what the screen, the drain and the report need."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[StoreView]:
        """A view of the store at ``url``, closed at the end."""
        store = Store.open(url, role="demo", clock=SystemClock(), connections=2)
        try:
            yield cls(store)
        finally:
            await store.close()

    async def balance(self, kafka: KafkaSettings, way: Way) -> Balance:
        """What became of everything that the door accepted."""
        async with reading(kafka) as log:
            return await take_balance(log, self._store.receipts, way, SystemClock().sleep)

    async def parked(self, reasons: Collection[HoldReason] = BY_THEMSELVES) -> int:
        """How many events are held for one of those reasons, and go on by themselves."""
        receipts = self._store.receipts
        held = [one for group in await receipts.holding_groups() for one in await receipts.held(group)]
        return sum(one.reason in reasons and not one.behind_person for one in held)

    async def open_writes(self) -> int:
        """Writes to the web store that may have come too late, or may do so yet."""
        return await self._store.writes.count()

    async def review(self) -> list[Review]:
        """What waits for a person."""
        found = await self._store.desk.find(reason=HoldReason.PERSON, limit=1000)
        holds = (event.held.hold for event in found)
        return [Review(hold.subject, hold.message, hold.receipt_id) for hold in holds]

    async def latencies(self) -> list[float]:
        """Milliseconds from the door to the effect, of every receipt that ended in one."""
        delivered = await self._store.journal.delivered()
        return [at.timestamp() * 1000 - received_ms_of(receipt_id) for receipt_id, at in delivered]
