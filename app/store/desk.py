"""What operators do with held events: look at them, let them go on, give them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.store.engine import Database
from app.store.held import COLUMNS, SUBJECT_LENGTH, held_record
from app.store.journal import AGGREGATE_LENGTH, MESSAGE_LENGTH
from app.store.links import stored_ref
from app.store.text import storable
from schemas.ids import Ref
from streams.ports import Clock, HeldRecord, HoldReason, Outcome

_LIST = f"""
SELECT {COLUMNS} FROM held
WHERE ($1::text IS NULL OR receipt_id = $1 OR (receipt_id >= $1 || '.' AND receipt_id < $1 || '/'))
AND ($2::text IS NULL OR subject = $2) AND ($3::text IS NULL OR reason = $3)
ORDER BY seq LIMIT $4
"""  # noqa: S608 - our own text
_COUNTS = "SELECT reason, count(*) AS events FROM held WHERE consumer_group = $1 GROUP BY reason"
_WAITING_FOR = """
SELECT count(*) AS events FROM held
WHERE waits_for = $1 AND waits_in IN ('', $2) AND waits_unlike <> $3 AND reason <> 'time'
"""
_RELEASE = f"""
UPDATE held SET reason = 'time', due_at = $2 WHERE receipt_id = $1 RETURNING {COLUMNS}
"""  # noqa: S608 - our own text
_DISCARD = f"""
WITH gone AS (DELETE FROM held WHERE receipt_id = $1 RETURNING *), told AS (
    INSERT INTO journal (
        receipt_id, at, stage, outcome, flow, step, target, subject, aggregate, error, message, topic, partition,
        "offset"
    )
    SELECT
        receipt_id, $2, stage, $3, flow, step, target, subject, left(key, {AGGREGATE_LENGTH}), error, $4, topic,
        partition, "offset"
    FROM gone
    ON CONFLICT DO NOTHING
)
SELECT {COLUMNS} FROM gone ORDER BY seq
"""  # noqa: S608 - our own text


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """A held event and the consumer group that holds it."""

    group: str
    held: HeldRecord


class HeldDesk:
    """Held events for operators. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(
        self,
        *,
        receipt_id: str | None = None,
        subject: str | None = None,
        reason: HoldReason | None = None,
        limit: int = 100,
    ) -> Sequence[HeldEvent]:
        """Held events in the order of their arrival; only those that fit everything given, a receipt's children too."""
        return await self._events(
            _LIST,
            None if receipt_id is None else storable(receipt_id),
            None if subject is None else storable(subject[:SUBJECT_LENGTH]),
            reason,
            limit,
        )

    async def counts(self, group: str) -> Mapping[HoldReason, int]:
        """How many events a consumer group holds, for each reason; 0 where there is none."""
        rows = await self._database.fetch(_COUNTS, group)
        return dict.fromkeys(HoldReason, 0) | {HoldReason(row["reason"]): int(row["events"]) for row in rows}

    async def waiting_for(self, one: Ref, other: Ref) -> int:
        """How many events a link of the two would release."""
        (row,) = await self._database.fetch(_WAITING_FOR, stored_ref(one), other.connection, stored_ref(other))
        return int(row["events"])

    async def release(self, receipt_id: str) -> Sequence[HeldEvent]:
        """Make a receipt's events due now, whatever they wait for; a queue of its key still keeps its order.

        Returns what was released; nothing if the receipt is not held.
        """
        return await self._events(_RELEASE, storable(receipt_id), self._clock.now())

    async def discard(self, receipt_id: str, *, message: str) -> Sequence[HeldEvent]:
        """Give a receipt's events up: out of the table and, in the same transaction, ``discarded`` in the journal.

        Args:
            receipt_id: the receipt.
            message: who gave it up and why; it is the journal's message.

        Returns:
            what was discarded; nothing if the receipt is not held.
        """
        return await self._events(
            _DISCARD,
            storable(receipt_id),
            self._clock.now(),
            Outcome.DISCARDED.value,
            storable(message[:MESSAGE_LENGTH]),
        )

    async def _events(self, statement: str, *values: object) -> list[HeldEvent]:
        rows = await self._database.fetch(statement, *values)
        return [HeldEvent(row["consumer_group"], held_record(row)) for row in rows]
