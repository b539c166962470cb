"""The normalise stage: each raw event is normalised, published, and told to the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from streams.normalize.normalizer import Normalized, Normalizer
from streams.ports import Clock, JournalEntry, Publisher
from streams.runtime.work import Arrival, Work


class NormalizeHandler:
    """Handler of `streams/runtime/stage.py`; its lanes give it one arrival at a time.

    Everything that an event becomes is acknowledged by Kafka before its journal line is written, so that a crash in
    between repeats it; later stages take a repeat for what it is.
    """

    def __init__(self, normalizer: Normalizer, publisher: Publisher, clock: Clock) -> None:
        self._normalizer = normalizer
        self._publisher = publisher
        self._clock = clock

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        """Normalise, publish, and tell."""
        return [await self._one(work, arrival) for arrival in work.arrivals]

    def blocks(self, work: Work) -> bool:  # noqa: ARG002 - the answer is the same for every raw event
        """A raw event that was refused decides nothing for a later one, which tells the entity as it is then."""
        return False

    async def _one(self, work: Work, arrival: Arrival) -> JournalEntry:
        letter = arrival.row.hold.letter if arrival.row and arrival.replays else None
        approved = letter.code if letter else ""
        normalized = await self._normalizer.normalize(arrival.record, arrival.envelope, work, approved)
        if normalized.outgoing:
            await self._publisher.publish(normalized.outgoing)
        return self._entry(work, arrival, normalized)

    def _entry(self, work: Work, arrival: Arrival, normalized: Normalized) -> JournalEntry:
        work.flow, work.subject = normalized.flow, normalized.subject
        parent = f"{arrival.envelope.receipt_id}."
        ids = [dict(out.headers)["receipt-id"].decode() for out in normalized.outgoing]
        children = [child.removeprefix(parent) for child in ids if child.startswith(parent)]
        entry = work.entry(arrival, normalized.outcome, self._clock.now(), normalized.message, children=children)
        return replace(entry, aggregate=normalized.aggregate or entry.aggregate)
