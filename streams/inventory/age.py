"""Since when the point of sale has what a canonical stock tells: a header beside the envelope, for deliver.

From there to the moment when the web store has it is the oversell window: what is sold on both sides within it, nobody
could know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from schemas.canonical import LocationLevel, StockHint
from streams.inventory.table import SkuState

CHANGED = "changed-ms"
"""Name of the header; milliseconds since the epoch."""


def oldest_change(before: SkuState, hints: Iterable[StockHint], levels: Iterable[LocationLevel]) -> datetime | None:
    """When the oldest change happened that a reading tells for the first time.

    None if it tells of none, and at the first reading of a SKU, which tells how things have been for long.

    Args:
        before: what was known before the hints.
    """
    if before.read_at is None:
        return None
    by_hints = [hint.changed_at for hint in hints if _is_news(before, hint)]
    by_levels = [
        level.updated_at
        for level in levels
        if level.updated_at is not None and level.updated_at > before.changed.get(level.location, level.updated_at)
    ]
    return min((at for at in [*by_hints, *by_levels] if at is not None), default=None)


def _is_news(before: SkuState, hint: StockHint) -> bool:
    """A hint that comes once more, since it was not finished the first time, still tells what it told."""
    return hint.changed_at is not None and hint.changed_at >= before.changed.get(hint.location, hint.changed_at)


def age_headers(changed_at: datetime | None) -> Sequence[tuple[str, bytes]]:
    """As Kafka headers; none if nothing is known. Rounded down: stock never looks younger than it is."""
    return [(CHANGED, b"%d" % int(changed_at.timestamp() * 1000))] if changed_at else []


def changed_at(headers: Iterable[tuple[str, bytes]]) -> datetime | None:
    """What `age_headers` wrote; None without it."""
    told = dict(headers).get(CHANGED, b"")
    return datetime.fromtimestamp(int(told) / 1000, UTC) if told.isdigit() else None
