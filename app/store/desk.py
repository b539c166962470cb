"""What operators do with held events: look at them, let them go on, give them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from app.store.engine import Database
from app.store.held import COLUMNS, held_record
from app.store.journal import AGGREGATE_LENGTH, MESSAGE_LENGTH
from app.store.links import stored_ref
from app.store.text import SUBJECT_LENGTH, restored, storable
from schemas.ids import Ref
from streams.ports import Clock, HeldRecord, HoldReason, Outcome

_LIST = f"""
SELECT {COLUMNS} FROM held
WHERE ($1::text IS NULL OR receipt_id = $1 OR (receipt_id >= $1 || '.' AND receipt_id < $1 || '/'))
AND ($2::text IS NULL OR subject = $2) AND ($3::text IS NULL OR reason = $3)
AND ($4::text IS NULL OR stage = $4) AND ($5::text IS NULL OR flow = $5) AND ($6::text IS NULL OR target = $6)
AND ($7::text IS NULL OR error = $7 OR code = $7) AND ($8::timestamptz IS NULL OR held_at >= $8)
ORDER BY seq LIMIT $9
"""  # noqa: S608 - our own text
_COUNTS = "SELECT reason, count(*) AS events FROM held WHERE consumer_group = $1 GROUP BY reason"
_SPOTS = """
SELECT seq, partition, "offset", reason FROM held WHERE consumer_group = $1 AND topic = $2 AND given_up = ''
"""
_CHOSEN = f"SELECT {COLUMNS} FROM held WHERE seq = ANY ($1::bigint[]) ORDER BY seq"  # noqa: S608 - our own text
_WAITING_FOR = """
SELECT subject, flow, target, held_at FROM held
WHERE waits_for = $1 AND waits_in IN ('', $2) AND waits_unlike <> $3 AND reason <> 'time'
ORDER BY seq
"""
_TOLD = f"""
told AS (
    INSERT INTO journal (
        receipt_id, at, stage, outcome, flow, step, target, subject, aggregate, error, message, topic, partition,
        "offset"
    )
    SELECT
        receipt_id, $2, stage, $3, flow, step, target, subject, left(key, {AGGREGATE_LENGTH}), error, $4, topic,
        partition, "offset"
    FROM changed
    ON CONFLICT DO NOTHING
)
SELECT {COLUMNS} FROM changed ORDER BY seq
"""  # noqa: S608 - our own text
_RELEASE = f"""
WITH changed AS (
    UPDATE held SET
        reason = 'time', due_at = moment, replays = replays + (reason = 'person')::integer,
        attempts = CASE WHEN reason = 'person' THEN 0 ELSE attempts END,
        looks = CASE WHEN reason = 'person' THEN 0 ELSE looks END,
        edited = coalesce($7, edited), edited_by = CASE WHEN $7::bytea IS NULL THEN edited_by ELSE $8 END
    FROM unnest($1::bigint[], $5::timestamptz[]) AS chosen (wanted, moment)
    WHERE seq = wanted AND given_up = '' AND (reason <> 'time' OR due_at > moment)
    AND ($6::integer IS NULL OR reason <> 'person' OR replays < $6)
    RETURNING held.*
), {_TOLD}"""  # noqa: S608 - our own text
_GIVE_UP = f"""
WITH changed AS (
    UPDATE held SET
        reason = 'time', due_at = least(due_at, $2),
        given_up = CASE WHEN given_up = '' THEN $3 ELSE given_up END
    WHERE seq = ANY ($1::bigint[]) RETURNING *
)
SELECT {COLUMNS} FROM changed ORDER BY seq
"""  # noqa: S608 - our own text
_STILL_HELD = "SELECT seq FROM held WHERE seq = ANY ($1::bigint[])"


class Wanted(TypedDict, total=False):
    """Which held events: those that fit everything given.

    ``receipt_id`` takes in what the receipt caused, ``error`` is a class or a code, ``since`` is the first failure.
    """

    receipt_id: str
    subject: str
    reason: HoldReason
    stage: str
    flow: str
    target: str
    error: str
    since: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A body that is processed in place of the record's own, and who wrote it."""

    body: bytes
    by: str


@dataclass(frozen=True, slots=True)
class HeldEvent:
    """A held event and the consumer group that holds it."""

    group: str
    held: HeldRecord


@dataclass(frozen=True, slots=True)
class HeldSpot:
    """Where in its topic a held event is, and why it is held."""

    partition: int
    offset: int
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waits for a link: what it is about, for whom, since when."""

    subject: str
    flow: str
    target: str
    held_at: datetime


class HeldDesk:
    """Held events for operators. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, **wanted: Unpack[Wanted]) -> Sequence[HeldEvent]:
        """Held events in the order of their arrival; 100 at most where no ``limit`` is given."""
        receipt_id, subject, error = wanted.get("receipt_id"), wanted.get("subject"), wanted.get("error")
        return await self._events(
            _LIST,
            None if receipt_id is None else storable(receipt_id),
            None if subject is None else storable(subject[:SUBJECT_LENGTH]),
            wanted.get("reason"),
            wanted.get("stage"),
            wanted.get("flow"),
            wanted.get("target"),
            None if error is None else storable(error),
            wanted.get("since"),
            wanted.get("limit", 100),
        )

    async def counts(self, group: str) -> Mapping[HoldReason, int]:
        """How many events a consumer group holds, for each reason; 0 where there is none."""
        rows = await self._database.fetch(_COUNTS, group)
        return dict.fromkeys(HoldReason, 0) | {HoldReason(row["reason"]): int(row["events"]) for row in rows}

    async def spots(self, group: str, topic: str) -> Mapping[int, HeldSpot]:
        """Where in a topic the events are that a group holds and nobody has given up, by their number."""
        rows = await self._database.fetch(_SPOTS, group, topic)
        return {row["seq"]: HeldSpot(row["partition"], row["offset"], HoldReason(row["reason"])) for row in rows}

    async def chosen(self, numbers: Sequence[int]) -> Sequence[HeldEvent]:
        """The held events of those numbers that are still there."""
        return await self._events(_CHOSEN, list(numbers))

    async def waiting_for(self, one: Ref, other: Ref) -> Sequence[Waiting]:
        """The events that a link of the two would release, in the order of their arrival."""
        rows = await self._database.fetch(_WAITING_FOR, stored_ref(one), other.connection, stored_ref(other))
        return [Waiting(restored(row["subject"]), row["flow"], row["target"], row["held_at"]) for row in rows]

    async def release(
        self,
        events: Sequence[HeldEvent],
        *,
        message: str,
        per_second: float | None = None,
        most_replays: int | None = None,
        edit: Edit | None = None,
    ) -> Sequence[HeldEvent]:
        """Let events try again, whatever they wait for; a queue of a key still keeps its order.

        In the same transaction the journal says ``released``. An event that is due already is left alone, so that a
        repeat does nothing; only a release out of a review counts as a replay.

        Args:
            events: as `find` gave them; those that ended meanwhile are left out.
            message: who let them go and why; it is the journal's message.
            per_second: how many become due each second; all at once if not given.
            most_replays: leaves an event in review that has been replayed that often.
            edit: what is processed from now on; the record's own body is kept.

        Returns:
            what was released.
        """
        now = self._clock.now()
        moments = [now + timedelta(seconds=number / per_second if per_second else 0) for number in range(len(events))]
        return await self._events(
            _RELEASE,
            [event.held.seq for event in events],
            now,
            Outcome.RELEASED.value,
            storable(message[:MESSAGE_LENGTH]),
            moments,
            most_replays,
            edit.body if edit else None,
            storable(edit.by) if edit else "",
        )

    async def discard(self, events: Sequence[HeldEvent], *, message: str) -> Sequence[HeldEvent]:
        """Give events up. It is an order to the worker that owns them, which ends each of them in a turn of its own.

        So an event whose turn is under way ends as that turn does if it succeeds, and as discarded if it does not. What
        an earlier try wrote, or may have written, in the target stays there.

        Args:
            events: as `find` gave them; those that ended meanwhile are left out.
            message: who gave them up and why; it becomes the journal's message. The first one counts.

        Returns:
            what is given up; `still_held` tells whether it has ended.
        """
        return await self._events(
            _GIVE_UP,
            [event.held.seq for event in events],
            self._clock.now(),
            storable(message[:MESSAGE_LENGTH]),
        )

    async def still_held(self, events: Sequence[HeldEvent]) -> Sequence[HeldEvent]:
        """Those of the events that have not ended."""
        rows = await self._database.fetch(_STILL_HELD, [event.held.seq for event in events])
        left = {row["seq"] for row in rows}
        return [event for event in events if event.held.seq in left]

    async def _events(self, statement: str, *values: object) -> list[HeldEvent]:
        rows = await self._database.fetch(statement, *values)
        return [HeldEvent(row["consumer_group"], held_record(row)) for row in rows]
