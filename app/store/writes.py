"""Absolute writes that may land late, in SQL. All times are the database's, so that workers' clocks may differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from app.store.applied import PUT, applied_columns
from app.store.batcher import statements
from app.store.engine import Database, Row
from app.store.links import stored_ref
from app.store.text import restored, storable
from schemas.ids import Ref
from streams.ports import Intent, LastApplied, OpenWrite, Revision

_LAST_APPLIED = """
SELECT target, entity, a.updated_at, a.content, EXISTS (
    SELECT FROM open_writes AS o WHERE o.target = wanted.target AND o.entity = wanted.entity
) AS doubtful
FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (target, entity)) AS wanted
LEFT JOIN applied AS a USING (target, entity)
"""
_OPEN = """
WITH ours AS (
    SELECT w.entity, w.receipt_id
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[])
        AS w (entity, receipt_id, consumer_group, topic, partition, epoch)
    JOIN owners AS o USING (consumer_group, topic, partition, epoch)
    ORDER BY o.consumer_group, o.topic, o.partition
    FOR SHARE OF o
)
INSERT INTO open_writes (target, entity, receipt_id, opened_at, open_until, due_at)
SELECT $1, entity, receipt_id, now(), now() + $8::interval, now() + $8::interval FROM ours
RETURNING id, entity, receipt_id
"""
"""While the claims are looked at, nobody can take their partitions over: who does so afterwards sees these writes."""
_LANDED = f"""
WITH put AS ({PUT}), mine AS (
    SELECT id, target, entity, opened_at, EXISTS (
        SELECT FROM open_writes AS other
        WHERE other.target = m.target AND other.entity = m.entity AND other.id <> m.id
        AND other.open_until >= m.opened_at
    ) AS doubted
    FROM open_writes AS m WHERE id = ANY ($5::bigint[])
), ended AS (
    DELETE FROM open_writes AS w USING mine
    WHERE w.target = mine.target AND w.entity = mine.entity
    AND CASE WHEN w.id = mine.id THEN NOT mine.doubted ELSE w.open_until < mine.opened_at END
)
UPDATE open_writes AS w SET open_until = least(w.open_until, now()), due_at = least(w.due_at, now())
FROM mine WHERE w.id = mine.id AND mine.doubted
"""  # noqa: S608 - our own text
_WITHDRAW = "DELETE FROM open_writes WHERE id = ANY ($1::bigint[])"
_DUE = """
WITH due AS MATERIALIZED (
    SELECT id FROM open_writes AS w
    WHERE target = $1 AND due_at <= now() AND NOT EXISTS (
        SELECT FROM open_writes AS other
        WHERE other.target = w.target AND other.entity = w.entity AND other.open_until > now()
    )
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE open_writes AS w SET due_at = now() + greatest($2::interval, now() - w.opened_at)
FROM due WHERE w.id = due.id
RETURNING w.id, w.entity, w.receipt_id
"""
"""As a subquery the choice may be made once more for each row, and each time others are locked: more than asked for."""

_COUNT = "SELECT count(*) AS writes FROM open_writes"

Question = tuple[str, Ref]
Landed = tuple[str, OpenWrite, Revision | None]


class SqlOpenWrites:
    """Implements `streams.ports.OpenWrites`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lookups = statements(self._last_applied_all)
        self._landings = statements(self._landed_all, identity=lambda item: (item[0], item[1].entity))

    async def last_applied(self, target: str, entity: Ref) -> LastApplied:
        """What the target has of the entity."""
        return await self._lookups.submit((target, entity))

    async def _last_applied_all(self, questions: Sequence[Question]) -> list[LastApplied | Exception]:
        wanted = [(target, stored_ref(entity)) for target, entity in questions]
        rows = await self._database.fetch(
            _LAST_APPLIED, [target for target, _ in wanted], [entity for _, entity in wanted]
        )
        found = {(row["target"], row["entity"]): _last_applied(row) for row in rows}
        return [found[key] for key in wanted]

    async def open(self, target: str, intents: Collection[Intent], settle: timedelta) -> Mapping[Ref, OpenWrite]:
        """Durable on return, before the first byte leaves; entities whose claim is not the last one are left out."""
        claims = [intent.claim for intent in intents]
        rows = await self._database.fetch(
            _OPEN,
            target,
            [stored_ref(intent.entity) for intent in intents],
            [storable(intent.receipt_id) for intent in intents],
            [claim.group for claim in claims],
            [claim.topic for claim in claims],
            [claim.partition for claim in claims],
            [claim.epoch for claim in claims],
            settle,
        )
        return {write.entity: write for write in map(_write, rows)}

    async def landed(self, target: str, write: OpenWrite, revision: Revision | None) -> None:
        """It is done: the revision is applied, unless a newer one is, and what came before the write has ended."""
        await self._landings.submit((target, write, revision))

    async def _landed_all(self, landings: Sequence[Landed]) -> list[Exception | None]:
        applied = applied_columns(
            [(target, {write.entity: revision}) for target, write, revision in landings if revision is not None]
        )
        await self._database.fetch(_LANDED, *applied, [write.id for _, write, _ in landings])
        return [None] * len(landings)

    async def withdraw(self, writes: Collection[OpenWrite]) -> None:
        """The target provably did not do these, and will not."""
        await self._database.fetch(_WITHDRAW, [write.id for write in writes])

    async def due(self, target: str, *, again: timedelta, limit: int) -> Sequence[OpenWrite]:
        """Writes that leave a doubt of an entity, of which nothing is open any more; the newest of each entity."""
        rows = await self._database.fetch(_DUE, target, again, limit)
        newest = {write.entity: write for write in sorted(map(_write, rows), key=lambda write: write.id)}
        return list(newest.values())

    async def count(self) -> int:
        """Writes to all targets that are open or leave a doubt; 0 if they all have what was applied."""
        (row,) = await self._database.fetch(_COUNT)
        return int(row["writes"])

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._lookups.close()
        await self._landings.close()


def _last_applied(row: Row) -> LastApplied:
    revision = None if row["content"] is None else Revision(row["updated_at"], row["content"])
    return LastApplied(revision, row["doubtful"])


def _write(row: Row) -> OpenWrite:
    return OpenWrite(row["id"], Ref.parse(restored(row["entity"])), restored(row["receipt_id"]))
