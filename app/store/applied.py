"""The last revision applied to each target, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.store.batcher import statements
from app.store.engine import Database
from app.store.links import stored_ref
from schemas.ids import Ref
from streams.ports import Revision

_GET = """
SELECT target, entity, updated_at, content FROM applied
JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (target, entity)) AS wanted USING (target, entity)
"""
PUT = """
INSERT INTO applied AS a (target, entity, updated_at, content)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
ON CONFLICT (target, entity) DO UPDATE SET updated_at = excluded.updated_at, content = excluded.content
WHERE a.updated_at <= excluded.updated_at
"""
"""Takes what `applied_columns` makes."""
_FORGET = "DELETE FROM applied WHERE target = $1 AND entity = ANY ($2::text[])"

Revisions = Mapping[Ref, Revision]
Applied = tuple[str, Revisions]
Question = tuple[str, Collection[Ref]]


def applied_columns(puts: Sequence[Applied]) -> tuple[list[str], list[str], list[object], list[str]]:
    """What ``PUT`` takes: target, entity, time and content of the newest revision of each entity, sorted.

    A statement may touch a row once; the order keeps two processes from waiting for each other.
    """
    newest: dict[tuple[str, str], Revision] = {}
    for target, revisions in puts:
        for ref, revision in revisions.items():
            key = target, stored_ref(ref)
            if key not in newest or newest[key].updated_at <= revision.updated_at:
                newest[key] = revision
    rows = sorted(newest.items(), key=lambda item: item[0])
    return (
        [target for (target, _), _ in rows],
        [entity for (_, entity), _ in rows],
        [revision.updated_at for _, revision in rows],
        [revision.content for _, revision in rows],
    )


class SqlApplied:
    """Implements `streams.ports.AppliedRevisions`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gets = statements(self._get_all)
        self._puts = statements(self._put_all)

    async def get(self, target: str, entities: Collection[Ref]) -> Revisions:
        """The last applied revision of each entity that has one."""
        return await self._gets.submit((target, entities)) if entities else {}

    async def _get_all(self, questions: Sequence[Question]) -> list[Revisions | Exception]:
        wanted = [(target, stored_ref(entity)) for target, entities in questions for entity in entities]
        rows = await self._database.fetch(_GET, [target for target, _ in wanted], [entity for _, entity in wanted])
        found = {(row["target"], row["entity"]): Revision(row["updated_at"], row["content"]) for row in rows}
        return [
            {entity: found[key] for entity in entities if (key := (target, stored_ref(entity))) in found}
            for target, entities in questions
        ]

    async def put(self, target: str, revisions: Revisions) -> None:
        """Record what has been applied; an older ``updated_at`` never replaces a newer one."""
        if revisions:
            await self._puts.submit((target, revisions))

    async def _put_all(self, puts: Sequence[Applied]) -> list[Exception | None]:
        await self._database.fetch(PUT, *applied_columns(puts))
        return [None] * len(puts)

    async def forget(self, target: str, entities: Collection[Ref]) -> None:
        """Take them for never applied; a revision that is being put meanwhile may stay."""
        await self._database.fetch(_FORGET, target, [stored_ref(entity) for entity in entities])

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._gets.close()
        await self._puts.close()
