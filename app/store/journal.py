"""What became of each receipt, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.store.batcher import statements
from app.store.engine import Database, Row
from app.store.text import SUBJECT_LENGTH, restored, storable
from streams.ports import JournalEntry, Outcome

AGGREGATE_LENGTH = 400
MESSAGE_LENGTH = 4000
"""Characters that are kept; what people search by must fit an index entry."""

LINGER_SECONDS = 0.05
"""How long a line waits for others before they are written together. Only the end of a record's turn waits for it: its
effect is done. At 200 orders a second that makes three statements, each with a flush to disk, out of thirty."""

PURGE_AT_ONCE = 10_000
"""Lines that one statement of a purge deletes."""

_SINGLE = (
    'receipt_id, at, stage, outcome, flow, step, target, subject, aggregate, error, message, topic, partition, "offset"'
)
_COLUMNS = f"{_SINGLE}, children"
_WRITE = f"""
INSERT INTO journal ({_COLUMNS})
SELECT {_SINGLE}, string_to_array(children, ' ')
FROM unnest(
    $1::text[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::integer[], $14::bigint[], $15::text[]
) AS line ({_COLUMNS})
ON CONFLICT DO NOTHING
"""  # noqa: S608 - our own text
_OF_SUBJECT = f"SELECT {_COLUMNS} FROM journal WHERE subject = $1 ORDER BY id LIMIT $2"  # noqa: S608
_OF_AGGREGATE = f"SELECT {_COLUMNS} FROM journal WHERE aggregate = $1 ORDER BY id LIMIT $2"  # noqa: S608
_OF_RECEIPT = f"""
SELECT {_COLUMNS} FROM journal
WHERE receipt_id = $1 OR (receipt_id >= $1 || '.' AND receipt_id < $1 || '/') ORDER BY id LIMIT $2
"""  # noqa: S608 - our own text; '/' follows '.'
_LATEST = f"SELECT {_COLUMNS} FROM journal ORDER BY id DESC LIMIT $1"  # noqa: S608
_DELIVERED = "SELECT receipt_id, at FROM journal WHERE outcome = 'delivered' AND receipt_id NOT LIKE '%.%'"
_PURGE = "DELETE FROM journal WHERE ctid = ANY (ARRAY(SELECT ctid FROM journal WHERE at < $1 LIMIT $2)) RETURNING 1"

ALL_LINES = 1000
"""Most lines that a trace reads."""


class SqlJournal:
    """Implements `streams.ports.Journal`, and answers operators. All methods raise like `Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes = statements(self._write_all, linger=LINGER_SECONDS)

    async def write(self, entries: Sequence[JournalEntry]) -> None:
        """Return when the entries are durable. The first final outcome of a receipt stays; a repeat is dropped."""
        if entries:
            await self._writes.submit(entries)

    async def _write_all(self, batch: Sequence[Sequence[JournalEntry]]) -> list[Exception | None]:
        rows = [_values(entry) for entries in batch for entry in entries]
        await self._database.fetch(_WRITE, *map(list, zip(*rows, strict=True)))
        return [None] * len(batch)

    async def of_subject(self, subject: str, *, limit: int = ALL_LINES) -> Sequence[JournalEntry]:
        """Lines of an order number or a SKU, as they were written."""
        return await self._entries(_OF_SUBJECT, storable(subject[:SUBJECT_LENGTH]), limit)

    async def of_receipt(self, receipt_id: str, *, limit: int = ALL_LINES) -> Sequence[JournalEntry]:
        """Lines of a receipt and of its children, as they were written."""
        return await self._entries(_OF_RECEIPT, storable(receipt_id), limit)

    async def of_aggregate(self, aggregate: str, *, limit: int = ALL_LINES) -> Sequence[JournalEntry]:
        """Lines of a canonical key, as they were written."""
        return await self._entries(_OF_AGGREGATE, storable(aggregate[:AGGREGATE_LENGTH]), limit)

    async def latest(self, limit: int) -> Sequence[JournalEntry]:
        """The last lines that were written, the newest first."""
        return [_entry(row) for row in await self._database.fetch(_LATEST, limit)]

    async def _entries(self, statement: str, wanted: str, limit: int) -> list[JournalEntry]:
        return [_entry(row) for row in await self._database.fetch(statement, wanted, limit)]

    async def delivered(self) -> list[tuple[str, datetime]]:
        """Receipts of the door that ended in an effect, and when; for a demo or a test, not for a year's journal."""
        return [(row["receipt_id"], row["at"]) for row in await self._database.fetch(_DELIVERED)]

    async def purge(self, before: datetime) -> int:
        """Delete the lines from before that moment; returns how many.

        Keep them longer than Kafka keeps its records: a record that is read again after its lines have gone counts
        as a new receipt, and one that is not read again counts as missing.
        """
        total = deleted = len(await self._database.fetch(_PURGE, before, PURGE_AT_ONCE))
        while deleted == PURGE_AT_ONCE:
            deleted = len(await self._database.fetch(_PURGE, before, PURGE_AT_ONCE))
            total += deleted
        return total

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._writes.close()


def _values(entry: JournalEntry) -> tuple[object, ...]:
    """In the order of ``_COLUMNS``."""
    return (
        storable(entry.receipt_id),
        entry.at,
        entry.stage,
        entry.outcome.value,
        entry.flow,
        entry.step,
        entry.target,
        storable(entry.subject[:SUBJECT_LENGTH]),
        storable(entry.aggregate[:AGGREGATE_LENGTH]),
        entry.error,
        storable(entry.message[:MESSAGE_LENGTH]),
        entry.topic,
        entry.partition,
        entry.offset,
        " ".join(entry.children),  # arrays of one length would be needed in an array of arrays
    )


def _entry(row: Row) -> JournalEntry:
    return JournalEntry(
        receipt_id=restored(row["receipt_id"]),
        at=row["at"],
        stage=row["stage"],
        outcome=Outcome(row["outcome"]),
        flow=row["flow"],
        step=row["step"],
        target=row["target"],
        subject=restored(row["subject"]),
        aggregate=restored(row["aggregate"]),
        error=row["error"],
        message=restored(row["message"]),
        topic=row["topic"],
        partition=row["partition"],
        offset=row["offset"],
        children=tuple(row["children"]),
    )
