"""Events that wait, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from datetime import datetime

from app.store.engine import Database, Row
from app.store.links import stored_ref
from app.store.text import SUBJECT_LENGTH, restored, storable
from schemas.dead_letter import DeadLetter
from schemas.ids import MissingLink, Ref
from streams.ports import Clock, Fenced, HeldKey, HeldRecord, Hold, HoldReason, Place, Record

COLUMNS = """
seq, consumer_group, topic, partition, "offset", key, reason, due_at, waits_for, waits_in, waits_unlike, blocks,
attempts, stage, flow, step, target, receipt_id, subject, error, message, record_key, record_value, header_names,
header_values, timestamp_ms, held_at, letter, replays, edited, edited_by, given_up, looks
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
"""The lock that ``link_refs()`` takes for every ref it links."""

_CLAIM = """
INSERT INTO owners AS o (consumer_group, topic, partition, epoch, owner, since)
SELECT $1, $2, number, 1, $4, $5 FROM unnest($3::integer[]) AS number ORDER BY number
ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET
    epoch = o.epoch + 1, owner = excluded.owner, since = excluded.since
RETURNING partition, epoch
"""
_OURS = """
SELECT FROM owners WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND epoch = $5 FOR SHARE
"""
"""The claim that a worker writes under. While it is looked at, nobody can take the partition over."""

_INSERT = f"""
WITH ours AS ({_OURS}), kept AS (
INSERT INTO held (
    consumer_group, topic, partition, "offset", key, reason, due_at, waits_for, waits_in, waits_unlike, blocks,
    attempts, stage, flow, step, target, receipt_id, subject, error, message, record_key, record_value, header_names,
    header_values, timestamp_ms, held_at, code, letter, looks
)
SELECT
    $1, $2, $3, $4, $6, CASE WHEN linked.already THEN 'time' ELSE $7 END,
    CASE WHEN linked.already THEN $27::timestamptz ELSE $8::timestamptz END,
    $9::text, $10::text, $11::text, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24::text[],
    $25::bytea[], $26, $27, $28, $29, $30
FROM ours, (
    SELECT $7 <> 'time' AND EXISTS (
        SELECT FROM links
        WHERE ref = $9::text AND ($10::text = '' OR connection = $10::text) AND counterpart <> $11::text
    ) AS already
) AS linked
ON CONFLICT (consumer_group, topic, partition, "offset", timestamp_ms) """  # noqa: S608 - our own text
_END = ") SELECT FROM ours"
_HOLD = f"""{_INSERT}DO UPDATE SET
    key = excluded.key, reason = excluded.reason, due_at = excluded.due_at, waits_for = excluded.waits_for,
    waits_in = excluded.waits_in, waits_unlike = excluded.waits_unlike, blocks = excluded.blocks,
    attempts = excluded.attempts, stage = excluded.stage, flow = excluded.flow, step = excluded.step,
    target = excluded.target, receipt_id = excluded.receipt_id, subject = excluded.subject, error = excluded.error,
    message = excluded.message, code = excluded.code, letter = excluded.letter,
    looks = excluded.looks
WHERE held.given_up = ''
{_END}"""
_QUEUE = f"{_INSERT}DO NOTHING{_END}"
_BLOCKED = """
SELECT DISTINCT partition, key FROM held
WHERE consumer_group = $1 AND topic = $2 AND partition = ANY ($3::integer[]) AND blocks
"""
_DUE = f"""
SELECT {COLUMNS} FROM held
WHERE consumer_group = $1 AND topic = $2 AND partition = ANY ($3::integer[]) AND due_at <= $4
AND NOT (blocks AND given_up = '' AND EXISTS (
    SELECT FROM held AS earlier
    WHERE earlier.consumer_group = held.consumer_group AND earlier.topic = held.topic
    AND earlier.partition = held.partition AND earlier.key_hash = held.key_hash AND earlier.key = held.key
    AND earlier.blocks AND earlier.seq < held.seq
))
AND seq <> ALL ($6::bigint[])
ORDER BY given_up = '', seq LIMIT $5
"""  # noqa: S608 - our own text
_GET = f"""
SELECT {COLUMNS} FROM held
WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND "offset" = $4 AND timestamp_ms = $5
"""  # noqa: S608 - our own text
_REMOVE = f"""
WITH ours AS ({_OURS}), gone AS (
    DELETE FROM held USING ours
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND "offset" = $4 AND timestamp_ms = $7
), kept AS (
    INSERT INTO ended (consumer_group, topic, partition, "offset", timestamp_ms) SELECT $1, $2, $3, $4, $7 FROM ours
    ON CONFLICT (consumer_group, topic, partition, "offset")
    DO UPDATE SET timestamp_ms = greatest(ended.timestamp_ms, excluded.timestamp_ms)
)
SELECT EXISTS (
    SELECT FROM held
    WHERE consumer_group = $1 AND topic = $2 AND partition = $3
    AND key_hash = hashtextextended($6, 0) AND key = $6 AND blocks AND ("offset", timestamp_ms) <> ($4, $7)
) AS more
FROM ours
"""  # noqa: S608 - our own text
"""The key is given, not taken from the row, which may be gone already."""

_SETTLED = """
SELECT partition, "offset", timestamp_ms FROM ended
WHERE consumer_group = $1 AND topic = $2 AND partition = ANY ($3::integer[])
UNION ALL
SELECT partition, "offset", timestamp_ms FROM held
WHERE consumer_group = $1 AND topic = $2 AND partition = ANY ($3::integer[]) AND NOT blocks
"""
_FORGET = """
DELETE FROM ended USING unnest($3::integer[], $4::bigint[]) AS passed (number, below)
WHERE consumer_group = $1 AND topic = $2 AND partition = number AND "offset" < below
"""


class SqlHeld:
    """Implements `streams.ports.Held`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, group: str, topic: str, partitions: Collection[int], owner: str) -> Mapping[int, int]:
        """Take partitions over; waits for what earlier claims are writing, and fences them from then on."""
        rows = await self._database.fetch(_CLAIM, group, topic, list(partitions), owner, self._clock.now())
        return {row["partition"]: row["epoch"] for row in rows}

    async def hold(self, group: str, record: Record, hold: Hold, *, epoch: int) -> None:
        """Insert, or update the row of the same record, which keeps its place in the queue. Durable on return.

        A row that was given up stays as it is. Who waits for a ref takes turns with who links it; if it is linked by
        then, the row is due at once.

        Raises:
            Fenced: the partition has been claimed anew.
        """
        values = _values(group, record, hold, epoch, self._clock.now())
        if hold.waits_for is None or hold.reason is HoldReason.TIME:
            rows = await self._database.fetch(_HOLD, *values)
        else:
            rows = await self._database.fetch_after_locking(_LOCK, stored_ref(hold.waits_for.ref), _HOLD, *values)
        _check(rows, record, epoch)

    async def queue(self, group: str, record: Record, hold: Hold, *, epoch: int) -> None:
        """Insert; a record that is held already, and was given again, stays as it is. Raises as `hold`."""
        _check(
            await self._database.fetch(_QUEUE, *_values(group, record, hold, epoch, self._clock.now())), record, epoch
        )

    async def blocked(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[HeldKey]:
        """Keys behind which later records must queue."""
        rows = await self._database.fetch(_BLOCKED, group, topic, list(partitions))
        return frozenset(HeldKey(topic, row["partition"], restored(row["key"])) for row in rows)

    async def due(
        self,
        group: str,
        topic: str,
        partitions: Collection[int],
        now: datetime,
        limit: int,
        besides: Collection[int] = (),
    ) -> Sequence[HeldRecord]:
        """The lowest-seq record of each key, where it is due (``due_at`` ≤ now); non-blocking rows too.

        Given-up rows come first, wherever they stand. Those whose ``seq`` is among ``besides`` are left out.
        """
        rows = await self._database.fetch(_DUE, group, topic, list(partitions), now, limit, list(besides))
        return [held_record(row) for row in rows]

    async def get(self, group: str, record: Record) -> HeldRecord | None:
        """A held record as it is now; None if it is not held any more."""
        rows = await self._database.fetch(_GET, group, *astuple(Place.of(record)))
        return held_record(rows[0]) if rows else None

    async def remove(self, group: str, record: Record, *, epoch: int) -> bool:
        """Delete the record's row, if it is there still, and keep its place. True if its key still has blocking rows.

        Raises as `hold`.
        """
        key = storable(record.key.decode("utf-8", "replace"))
        place = record.topic, record.partition, record.offset
        rows = await self._database.fetch(_REMOVE, group, *place, epoch, key, record.timestamp_ms)
        _check(rows, record, epoch)
        return bool(rows[0]["more"])

    async def settled(self, group: str, topic: str, partitions: Collection[int]) -> frozenset[Place]:
        """Places of records that ended after a hold, or are held without blocking."""
        rows = await self._database.fetch(_SETTLED, group, topic, list(partitions))
        return frozenset(Place(topic, row["partition"], row["offset"], row["timestamp_ms"]) for row in rows)

    async def forget(self, group: str, topic: str, below: Mapping[int, int]) -> None:
        """Drop the places of ended records below an offset of each partition."""
        await self._database.fetch(_FORGET, group, topic, list(below), list(below.values()))


def _check(rows: Sequence[Row], record: Record, epoch: int) -> None:
    if not rows:
        raise Fenced(f"{record.topic} {record.partition} has been claimed anew since epoch {epoch}; nothing is written")


def _values(group: str, record: Record, hold: Hold, epoch: int, now: datetime) -> tuple[object, ...]:
    """In the order of ``_INSERT``."""
    missing = hold.waits_for
    return (
        group,
        record.topic,
        record.partition,
        record.offset,
        epoch,
        storable(hold.key),
        hold.reason.value,
        None if hold.reason is HoldReason.PERSON else hold.due_at,
        stored_ref(missing.ref) if missing else None,
        missing.connection if missing else "",
        storable(missing.unlike) if missing else "",
        hold.blocks,
        hold.attempts,
        hold.stage,
        hold.flow,
        hold.step,
        hold.target,
        storable(hold.receipt_id),
        storable(hold.subject[:SUBJECT_LENGTH]),
        hold.error,
        storable(hold.message),
        record.key,
        record.value,
        [storable(name) for name, _ in record.headers],
        [value for _, value in record.headers],
        record.timestamp_ms,
        now,
        hold.letter.code if hold.letter else "",
        hold.letter.to_json() if hold.letter else "",
        hold.looks,
    )


def held_record(row: Row) -> HeldRecord:
    """A row of `COLUMNS` as the pipeline sees it."""
    headers = zip(row["header_names"], row["header_values"], strict=True)
    return HeldRecord(
        seq=row["seq"],
        held_at=row["held_at"],
        replays=row["replays"],
        edited=row["edited"],
        edited_by=restored(row["edited_by"]),
        given_up=restored(row["given_up"]),
        record=Record(
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            key=row["record_key"],
            value=row["record_value"],
            headers=tuple((restored(name), value) for name, value in headers),
            timestamp_ms=row["timestamp_ms"],
        ),
        hold=Hold(
            key=restored(row["key"]),
            reason=HoldReason(row["reason"]),
            stage=row["stage"],
            receipt_id=restored(row["receipt_id"]),
            subject=restored(row["subject"]),
            flow=row["flow"],
            step=row["step"],
            target=row["target"],
            due_at=row["due_at"],
            waits_for=_missing(row) if row["waits_for"] else None,
            blocks=row["blocks"],
            attempts=row["attempts"],
            looks=row["looks"],
            error=row["error"],
            message=restored(row["message"]),
            letter=DeadLetter.from_json(row["letter"]) if row["letter"] else None,
        ),
    )


def _missing(row: Row) -> MissingLink:
    return MissingLink(Ref.parse(restored(row["waits_for"])), row["waits_in"], restored(row["waits_unlike"]))
