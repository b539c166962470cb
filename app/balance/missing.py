"""How many ids are missing of what each connection had told, for those who watch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from app.balance.kafka import Log, Span
from schemas.envelope import root_of

Source = tuple[str, str]
"""Connection and entity; both empty where that is not known."""


async def missing_of(
    log: Log, spans: Sequence[Span], missing: Collection[str], sources: Collection[Source]
) -> Mapping[Source, int]:
    """Missing ids by their source, zeros among them; what an event caused counts to its receipt's.

    Args:
        log: is read once more if anything is missing: nobody keeps the source of millions of ids.
        spans: what the door had written.
        missing: the ids.
        sources: all that the door had written about.

    Raises:
        Unavailable: Kafka does not answer.
    """
    counts: Counter[Source] = Counter(dict.fromkeys(sources, 0))
    if not missing:
        return counts
    roots = Counter(root_of(one) for one in missing)
    async for labelled in log.ids(spans):
        for one in labelled:
            counts[one.connection, one.entity] += roots.pop(one.receipt_id, 0)
    if left := roots.total():
        counts["", ""] += left
    return counts
