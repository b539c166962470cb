"""Windows and holds of the guards, in SQL: one transaction for a batch, and one batch of a window at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.store.engine import Database, Row
from app.store.text import restored, storable
from streams.guards.limits import LIMITS, WINDOW
from streams.guards.window import Mark, Ruling, Window, judge
from streams.guards.words import NAMED
from streams.ports import Clock, GuardHold, GuardKind, ListedChange, Proposed, Standing, Verdict

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
"""Whoever waits for it sees, in its next statement, what the worker before it has decided."""
_WINDOW = """
SELECT
    (SELECT count(*) FROM guard_changes WHERE kind = $1 AND target = $2 AND standing = 'passed' AND at > $3) AS passed,
    (SELECT number FROM guard_holds WHERE kind = $1 AND target = $2 AND decided_at IS NULL) AS hold
"""
_MARKS = """
SELECT sku, standing, at, receipt_id, hold FROM guard_changes WHERE kind = $1 AND target = $2 AND sku = ANY ($3::text[])
"""
_OPEN = """
WITH opened AS (
    INSERT INTO guard_holds (kind, target, opened_at, population, allowed) VALUES ($1, $2, $3, $4, $5) RETURNING number
), before AS (
    UPDATE guard_changes SET hold = number FROM opened
    WHERE kind = $1 AND target = $2 AND standing = 'passed' AND at > $6
)
SELECT number FROM opened
"""
_MARK = """
INSERT INTO guard_changes (kind, target, sku, before, after, standing, at, receipt_id, hold)
SELECT $1, $2, sku, before, after, standing, at, receipt_id, CASE WHEN standing = 'held' THEN $10::bigint ELSE hold END
FROM unnest($3::text[], $4::numeric[], $5::numeric[], $6::text[], $7::timestamptz[], $8::text[], $9::bigint[])
    AS marked (sku, before, after, standing, at, receipt_id, hold)
ON CONFLICT (kind, target, sku) DO UPDATE SET
    before = excluded.before, after = excluded.after, standing = excluded.standing, at = excluded.at,
    receipt_id = excluded.receipt_id, hold = excluded.hold
"""
_HOLDS = """
SELECT h.*,
    (SELECT count(*) FROM guard_changes WHERE hold = number AND standing <> 'passed') AS held,
    (SELECT count(*) FROM guard_changes WHERE hold = number AND standing = 'passed') AS passed
FROM guard_holds AS h WHERE CASE WHEN $1::bigint IS NULL THEN decided_at IS NULL ELSE number = $1 END
ORDER BY number
"""
_CHANGES = """
SELECT sku, before, after, at, standing, receipt_id FROM guard_changes
WHERE hold = $1 ORDER BY standing = 'passed', at, sku COLLATE "C" LIMIT $2
"""
_DECIDE = """
WITH decided AS (
    UPDATE guard_holds SET decided_at = $2, approved = $3, decided_by = $4, reason = $5
    WHERE number = $1 AND decided_at IS NULL RETURNING number
)
UPDATE guard_changes SET standing = CASE WHEN $3 THEN 'approved' ELSE 'rejected' END, at = $2
FROM decided WHERE hold = number AND standing = 'held'
RETURNING sku, before, after, at, standing, receipt_id
"""
_KEY = "SELECT kind, target FROM guard_holds WHERE number = $1"


class SqlGuards:
    """Implements `streams.ports.Guards`. A batch takes six statements, however many SKUs are in it.

    All methods raise like `app.store.engine.Database.connection`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def judge(
        self, kind: GuardKind, target: str, proposed: Sequence[Proposed], population: int
    ) -> Mapping[str, Verdict]:
        """Decide on a batch, and remember it; durable on return."""
        allowed = LIMITS[kind].allowed(population)
        where = kind.value, target
        async with self._database.transaction() as fetch:
            await fetch(_LOCK, *where)
            now = self._clock.now()  # a time of before the lock could be older than the worker's before it
            (found,) = await fetch(_WINDOW, *where, now - WINDOW)
            rows = await fetch(_MARKS, *where, [storable(change.sku) for change in proposed])
            marks = {restored(row["sku"]): _mark(row) for row in rows}
            ruling = judge(Window(found["passed"], found["hold"] is not None, marks), proposed, allowed, now)
            number = found["hold"]
            if ruling.opens:
                (opened,) = await fetch(_OPEN, *where, now, population, allowed, now - WINDOW)
                number = opened["number"]
            await fetch(_MARK, *where, *_columns(proposed, ruling), number)
        holds = any(mark.standing is Standing.HELD for mark in ruling.marks.values())
        hold = await self.hold(number) if holds else None
        return {
            sku: Verdict(passes=False, carries=sku in ruling.carried, hold=hold)
            if mark.standing is Standing.HELD
            else Verdict(passes=True)
            for sku, mark in ruling.marks.items()
        }

    async def open_holds(self) -> Sequence[GuardHold]:
        """Those that wait for a person, oldest first."""
        return [await self._with_first(row) for row in await self._database.fetch(_HOLDS, None)]

    async def hold(self, number: int) -> GuardHold | None:
        """A hold, open or decided; None if there is none of that number."""
        rows = await self._database.fetch(_HOLDS, number)
        return await self._with_first(rows[0]) if rows else None

    async def _with_first(self, row: Row) -> GuardHold:
        first = await self._database.fetch(_CHANGES, row["number"], min(NAMED, row["held"]))
        return GuardHold(
            number=row["number"],
            kind=GuardKind(row["kind"]),
            target=row["target"],
            opened_at=row["opened_at"],
            population=row["population"],
            allowed=row["allowed"],
            held=row["held"],
            passed=row["passed"],
            first=[_listed(change) for change in first],
            decided_at=row["decided_at"],
            approved=row["approved"],
            decided_by=restored(row["decided_by"]),
            reason=restored(row["reason"]),
        )

    async def changes(self, number: int) -> Sequence[ListedChange]:
        """The list of a hold, what passed before it last."""
        return [_listed(row) for row in await self._database.fetch(_CHANGES, number, None)]

    async def decide(self, number: int, *, approve: bool, by: str, reason: str) -> Sequence[ListedChange] | None:
        """End an open hold. Returns its held changes; None if it is not open."""
        async with self._database.transaction() as fetch:
            found = await fetch(_KEY, number)
            if not found:
                return None
            await fetch(_LOCK, found[0]["kind"], found[0]["target"])
            rows = await fetch(_DECIDE, number, self._clock.now(), approve, storable(by), storable(reason))
        return sorted(map(_listed, rows), key=lambda change: change.sku) if rows else None


def _columns(proposed: Sequence[Proposed], ruling: Ruling) -> tuple[list[object], ...]:
    """In the order of ``_MARK``, sorted by SKU."""
    rows = [
        (
            storable(change.sku),
            change.before,
            change.after,
            (mark := ruling.marks[change.sku]).standing.value,
            mark.at,
            storable(mark.receipt_id),
            mark.hold,
        )
        for change in sorted(proposed, key=lambda change: change.sku)
    ]
    return tuple(map(list, zip(*rows, strict=True)))


def _mark(row: Row) -> Mark:
    return Mark(Standing(row["standing"]), row["at"], restored(row["receipt_id"]), row["hold"])


def _listed(row: Row) -> ListedChange:
    return ListedChange(
        sku=restored(row["sku"]),
        before=row["before"],
        after=row["after"],
        at=row["at"],
        standing=Standing(row["standing"]),
        receipt_id=restored(row["receipt_id"]),
    )
