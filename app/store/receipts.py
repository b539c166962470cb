"""The store's part of the balance: which receipts ended, which are held, which children were named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.store.engine import Database
from app.store.tables import FINAL
from app.store.text import restored, storable
from streams.ports import HoldReason, Outcome

PAGE = 10_000
"""Rows of one statement; bounds what is in memory."""

_ENDED = f"""
SELECT receipt_id, outcome FROM journal WHERE {FINAL} AND receipt_id > $1 ORDER BY receipt_id LIMIT $2
"""  # noqa: S608 - our own text; uq_journal_final holds all of it
_FIRST_LINE = "SELECT coalesce(min(id + 0), 0) AS id FROM journal WHERE at >= $1"
"""The sum keeps PostgreSQL from walking along the ids until one fits: ix_journal_at knows where those lines are."""
_CHILDREN = """
SELECT id, receipt_id, children FROM journal
WHERE id > $1 AND ($2::timestamptz IS NULL OR at >= $2) AND receipt_id > $3 AND cardinality(children) > 0
ORDER BY id LIMIT $4
"""
_HELD = """
SELECT receipt_id, reason, header_values[array_position(header_names, 'target')] AS target,
    first_value(reason) OVER (PARTITION BY topic, partition, key, blocks ORDER BY seq) AS first, blocks
FROM held WHERE consumer_group = $1
"""
_GROUPS = "SELECT DISTINCT consumer_group FROM held ORDER BY consumer_group"


@dataclass(frozen=True, slots=True)
class HeldReceipt:
    """One held event.

    Attributes:
        target: connection that it is for; empty for whoever reads it.
        reason: what it waits for itself.
        behind_person: it queues behind one that waits for a person.
    """

    receipt_id: str
    target: str
    reason: HoldReason
    behind_person: bool


class Receipts:
    """Reads the sets that make the balance, page by page. All methods raise like `Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ended(self, after: str = "") -> AsyncIterator[list[tuple[str, Outcome]]]:
        """Receipts and children that ended, and how, in the order of their ids, from the first above ``after``."""
        last, rows = storable(after), None
        while rows is None or len(rows) == PAGE:
            rows = await self._database.fetch(_ENDED, last, PAGE)
            if rows:
                yield [(restored(row["receipt_id"]), Outcome(row["outcome"])) for row in rows]
                last = rows[-1]["receipt_id"]

    async def children(self, after: str = "", since: datetime | None = None) -> AsyncIterator[list[str]]:
        """Ids of the events that journal lines name as published: those of receipts above ``after``, of lines since."""
        last, rows = 0, None
        if since is not None:
            (first,) = await self._database.fetch(_FIRST_LINE, since)
            last = first["id"] - 1
        while rows is None or len(rows) == PAGE:
            rows = await self._database.fetch(_CHILDREN, last, since, storable(after), PAGE)
            if rows:
                yield [f"{restored(row['receipt_id'])}.{suffix}" for row in rows for suffix in row["children"]]
                last = rows[-1]["id"]

    async def holding_groups(self) -> Sequence[str]:
        """Consumer groups that hold something."""
        return [row["consumer_group"] for row in await self._database.fetch(_GROUPS)]

    async def held(self, group: str) -> list[HeldReceipt]:
        """What a consumer group holds."""
        return [
            HeldReceipt(
                restored(row["receipt_id"]),
                (row["target"] or b"").decode("utf-8", "replace"),
                HoldReason(row["reason"]),
                row["blocks"] and row["first"] == HoldReason.PERSON,
            )
            for row in await self._database.fetch(_HELD, group)
        ]
