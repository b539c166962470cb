"""The deliver stage of one target: each canonical event goes to the operation that its flow names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.dead_letter import Documents
from streams.ports import Clock, JournalEntry, Outcome
from streams.runtime.work import Arrival, Work


class Delivery(Protocol):
    """One operation on a target."""

    @property
    def blocks(self) -> bool:
        """Whether later events of the key need this one (a create-once)."""
        ...

    async def deliver(self, work: Work, arrival: Arrival) -> JournalEntry:
        """Deliver one event, and say how it ended."""
        ...

    def newest(self, arrivals: Sequence[Arrival]) -> Arrival:
        """Of events of one key that came together, the one that replaces the others; only stock comes so."""
        ...


class DeliverHandler:
    """Handler of `streams/runtime/stage.py` for one target.

    Every target reads the whole topic. An event is for one of them, and that one always says how it ended.

    Args:
        deliveries: canonical entity -> (flow id, operation).
        documents: flow id -> versions that the operation's flow runs.
    """

    def __init__(
        self,
        target: str,
        deliveries: Mapping[str, tuple[str, Delivery]],
        documents: Mapping[str, Documents],
        clock: Clock,
    ) -> None:
        self._target = target
        self._deliveries = deliveries
        self._documents = documents
        self._clock = clock

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        """Deliver the newest arrival; others of the same key are replaced by it (only stock comes in batches)."""
        ours = [arrival for arrival in work.arrivals if arrival.is_for(self._target)]
        if not ours:
            return []
        work.arrivals, work.target = ours, self._target
        chosen = self._deliveries.get(work.last.envelope.entity)
        if chosen is None:
            told = f"no flow document writes '{work.last.envelope.entity}' to {self._target}"
            return [work.entry(arrival, Outcome.FILTERED, self._clock.now(), told) for arrival in ours]
        work.flow, delivery = chosen
        work.documents = self._documents[work.flow]
        newest = delivery.newest(ours) if len(ours) > 1 else work.last
        entry = await delivery.deliver(work, newest)
        now = self._clock.now()
        others = [work.entry(a, Outcome.SUPERSEDED, now, "a newer one came with it") for a in ours if a is not newest]
        return [*others, entry]

    def blocks(self, work: Work) -> bool:
        """See `Handler.blocks`."""
        chosen = self._deliveries.get(work.last.envelope.entity)
        return chosen is not None and chosen[1].blocks
