"""The normalise stage: each raw event is normalised, published, and told to the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from streams.normalize.normalizer import Normalized, Normalizer
from streams.ports import Clock, JournalEntry, Outcome, Publisher, Record
from streams.runtime.work import Arrival, Work


class NormalizeHandler:
    """Handler of `streams/runtime/stage.py`; its lanes give it one arrival at a time, or hints that `join`.

    Everything that an event becomes is acknowledged by Kafka before its journal line is written, so that a crash in
    between repeats it; later stages take a repeat for what it is.
    """

    def __init__(self, normalizer: Normalizer, publisher: Publisher, clock: Clock) -> None:
        self._normalizer = normalizer
        self._publisher = publisher
        self._clock = clock

    async def handle(self, work: Work) -> Sequence[JournalEntry]:
        """Normalise, publish, and tell. Hints of one entity are one read: the newest one's."""
        entries = [await self._one(work, work.last)]
        for arrival in work.arrivals[:-1]:
            told = f"a later hint about it came before it was read: {work.last.envelope.receipt_id} tells it"
            entries.append(work.entry(arrival, Outcome.SUPERSEDED, self._clock.now(), told))
        return entries

    def join(self, earlier: Record, later: Record) -> bool:
        """Whether both are only hints about the same entity: what is read for the later one tells the earlier one too.

        A whole event is taken by itself: it may be refused, and then it alone.
        """
        hinted = self._normalizer.hinted(earlier)
        return hinted is not None and hinted == self._normalizer.hinted(later)

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
