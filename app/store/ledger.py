"""Create-once effects, in SQL. What a row means is `streams/deliver/ledger.py`'s business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.store.applied import PUT, applied_columns
from app.store.batcher import statements
from app.store.engine import Database, Row
from app.store.links import link_columns, stored_ref
from app.store.text import restored, storable
from streams.deliver.ledger import same_target
from streams.errors import Rejected
from streams.ports import Clock, EffectDone, EffectKey, EffectState, Fenced, LedgerRow

_GET = """
SELECT target, operation, source, step, state, owner, epoch, request_hash, settle_until,
    settle_until <= now() AS settled, sends, target_id, announced
FROM ledger
JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (target, operation, source, step)
USING (target, operation, source, step)
"""
_BEGIN = """
INSERT INTO ledger AS l
    (target, operation, source, step, state, owner, epoch, request_hash, settle_until, sends, target_id)
SELECT w.target, w.operation, w.source, w.step, 'pending', w.owner, w.after_epoch + 1, w.request_hash, now() + w.settle,
    1, ''
FROM unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::interval[]
) AS w (target, operation, source, step, owner, after_epoch, request_hash, settle)
WHERE w.after_epoch = 0 OR EXISTS (
    SELECT FROM ledger AS known
    WHERE known.target = w.target AND known.operation = w.operation AND known.source = w.source AND known.step = w.step
)
ORDER BY w.target, w.operation, w.source, w.step
ON CONFLICT (target, operation, source, step) DO UPDATE SET
    state = excluded.state, owner = excluded.owner, epoch = excluded.epoch, request_hash = excluded.request_hash,
    settle_until = excluded.settle_until, sends = l.sends + 1, changed_at = now()
WHERE l.epoch = excluded.epoch - 1 AND l.state <> 'done' AND (l.state <> 'pending' OR l.settle_until <= now())
RETURNING l.target, l.operation, l.source, l.step, l.settle_until, l.settle_until <= now() AS settled, l.sends
"""
"""Where a statement waited for a row, ``now()`` is from before it waited: what it takes for settled has settled."""
_REOPEN = """
UPDATE ledger SET state = 'open', sends = greatest(sends - (state = 'pending')::integer, 0), changed_at = now()
WHERE target = $1 AND operation = $2 AND source = $3 AND step = $4 AND epoch = $5 AND state <> 'done'
RETURNING epoch
"""
_FINISH = f"""
WITH put AS ({PUT}), finished AS (
    INSERT INTO ledger AS l
        (target, operation, source, step, state, owner, epoch, request_hash, settle_until, target_id, announced)
    SELECT d.target, d.operation, d.source, d.step, 'done', '', d.epoch, '', now(), d.target_id, d.announced
    FROM unnest($10::text[], $11::text[], $12::text[], $13::text[], $14::integer[], $15::text[], $16::boolean[])
        AS d (target, operation, source, step, epoch, target_id, announced)
    ORDER BY d.target, d.operation, d.source, d.step
    ON CONFLICT (target, operation, source, step) DO UPDATE SET
        state = 'done', changed_at = now(),
        target_id = CASE WHEN l.state = 'done' THEN l.target_id ELSE excluded.target_id END,
        announced = CASE WHEN l.state = 'done' THEN l.announced ELSE excluded.announced END
    RETURNING l.target, l.operation, l.source, l.step, l.target_id
), linked AS (
    SELECT count(*) AS links FROM link_refs($5, $6, $7, $8, $9)
)
SELECT target, operation, source, step, target_id, links FROM finished, linked
"""  # noqa: S608 - our own text
"""``linked`` is selected so that it runs."""
_ANNOUNCED = """
UPDATE ledger AS l SET announced = true
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS a (target, operation, source, step)
WHERE l.target = a.target AND l.operation = a.operation AND l.source = a.source AND l.step = a.step
"""

NOTE_SECONDS = 0.1
"""How long a note that nobody waits for gathers others."""


@dataclass(frozen=True, slots=True)
class _Begin:
    key: EffectKey
    owner: str
    after_epoch: int
    request_hash: str
    settle: timedelta

    def begun(self, row: Row) -> LedgerRow:
        """What the ledger holds now that it has begun."""
        return LedgerRow(
            key=self.key,
            state=EffectState.PENDING,
            owner=self.owner,
            epoch=self.after_epoch + 1,
            request_hash=self.request_hash,
            settle_until=row["settle_until"],
            settled=row["settled"],
            sends=row["sends"],
        )


StoredKey = tuple[str, str, str, str]


def _stored(key: EffectKey) -> StoredKey:
    return key.target, key.operation, stored_ref(key.source), key.step


class SqlLedger:
    """Implements `streams.ports.Ledger`. All methods also raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._gets = statements(self._get_all)
        self._begins = statements(self._begin_all, identity=lambda item: item.key)
        self._finishes = statements(self._finish_all, identity=lambda item: item.key)
        self._notes = statements(self._note_all, linger=NOTE_SECONDS)

    async def get(self, key: EffectKey) -> LedgerRow | None:
        """The row, or None if the effect was never begun."""
        return await self._gets.submit(key)

    async def _get_all(self, keys: Sequence[EffectKey]) -> list[LedgerRow | Exception | None]:
        stored = [_stored(key) for key in keys]
        found = {_key_of(row): row for row in await self._database.fetch(_GET, *_columns(stored))}
        return [_row(key, found[place]) if place in found else None for key, place in zip(keys, stored, strict=True)]

    async def begin(
        self, key: EffectKey, *, owner: str, after_epoch: int, request_hash: str, settle: timedelta
    ) -> LedgerRow:
        """Become pending with epoch ``after_epoch + 1``; Fenced if the row has moved on, is done or has not settled."""
        return await self._begins.submit(_Begin(key, owner, after_epoch, request_hash, settle))

    async def _begin_all(self, begins: Sequence[_Begin]) -> list[LedgerRow | Exception]:
        keys = [_stored(begin.key) for begin in begins]
        rows = await self._database.fetch(
            _BEGIN,
            *_columns(keys),
            [begin.owner for begin in begins],
            [begin.after_epoch for begin in begins],
            [begin.request_hash for begin in begins],
            [begin.settle for begin in begins],
        )
        begun = {_key_of(row): row for row in rows}
        return [
            begin.begun(begun[key]) if key in begun else _fenced(begin.key, begin.after_epoch)
            for key, begin in zip(keys, begins, strict=True)
        ]

    async def reopen(self, key: EffectKey, *, epoch: int) -> None:
        """The target provably did not act: pending becomes open. Raises Fenced if the epoch has moved on."""
        if not await self._database.fetch(_REOPEN, *_stored(key), epoch):
            raise _fenced(key, epoch)

    async def finish(self, done: EffectDone) -> None:
        """Record the effect, its link and its applied revisions in one transaction; wakes what waits for the link.

        Raises:
            Rejected: the effect is done already, as something else: the target holds two.
        """
        await self._finishes.submit(done)

    async def _finish_all(self, dones: Sequence[EffectDone]) -> list[Exception | None]:
        keys = [_stored(done.key) for done in dones]
        rows = await self._database.fetch(
            _FINISH,
            *applied_columns([(done.key.target, done.applied) for done in dones]),
            *link_columns([done.link for done in dones if done.link]),
            self._clock.now(),
            *_columns(keys),
            [done.epoch for done in dones],
            [storable(done.target_id) for done in dones],
            [done.announced for done in dones],
        )
        kept = {_key_of(row): restored(row["target_id"]) for row in rows}
        return [
            None if same_target(kept[key], done.target_id) else _doubled(done, kept[key])
            for key, done in zip(keys, dones, strict=True)
        ]

    def note_announced(self, key: EffectKey) -> None:
        """The effect's confirmation has been published. Written soon; if a crash loses it, it is published again."""
        self._notes.post(key)

    async def _note_all(self, keys: Sequence[EffectKey]) -> list[Exception | None]:
        await self._database.fetch(_ANNOUNCED, *_columns(sorted(_stored(key) for key in keys)))
        return [None] * len(keys)

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._gets.close()
        await self._begins.close()
        await self._finishes.close()
        await self._notes.close()


def _row(key: EffectKey, row: Row) -> LedgerRow:
    return LedgerRow(
        key=key,
        state=EffectState(row["state"]),
        owner=row["owner"],
        epoch=row["epoch"],
        request_hash=row["request_hash"],
        settle_until=row["settle_until"],
        settled=row["settled"],
        sends=row["sends"],
        target_id=restored(row["target_id"]),
        announced=row["announced"],
    )


def _columns(keys: Sequence[StoredKey]) -> tuple[list[str], list[str], list[str], list[str]]:
    return [key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys], [key[3] for key in keys]


def _key_of(row: Row) -> StoredKey:
    return row["target"], row["operation"], row["source"], row["step"]


def _fenced(key: EffectKey, epoch: int) -> Fenced:
    return Fenced(f"{key} has moved on from epoch {epoch}; nothing is sent")


def _doubled(done: EffectDone, kept: str) -> Rejected:
    key = done.key
    return Rejected(
        f"{key} made {done.target_id}, where {kept} had been made for it before; the first stays linked: compare both "
        f"in {key.target} and cancel one",
        code="doubled_effect",
    )
