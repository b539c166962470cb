"""The last revision applied to each target, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.store.engine import Database
from app.store.group_commit import GroupCommit
from app.store.links import stored_ref
from schemas.ids import Ref
from streams.ports import Revision

_GET = "SELECT entity, updated_at, content FROM applied WHERE target = $1 AND entity = ANY ($2::text[])"
PUT = """
INSERT INTO applied AS a (target, entity, updated_at, content)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[])
ON CONFLICT (target, entity) DO UPDATE SET updated_at = excluded.updated_at, content = excluded.content
WHERE a.updated_at <= excluded.updated_at
"""
"""Takes what `applied_columns` makes."""

Applied = tuple[str, Mapping[Ref, Revision]]


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
        self._puts: GroupCommit[Applied, None] = GroupCommit(self._put_all)

    async def get(self, target: str, entities: Collection[Ref]) -> Mapping[Ref, Revision]:
        """The last applied revision of each entity that has one."""
        asked = {stored_ref(ref): ref for ref in entities}
        if not asked:
            return {}
        rows = await self._database.fetch(_GET, target, list(asked))
        return {asked[row["entity"]]: Revision(row["updated_at"], row["content"]) for row in rows}

    async def put(self, target: str, revisions: Mapping[Ref, Revision]) -> None:
        """Record what has been applied; an older ``updated_at`` never replaces a newer one."""
        if revisions:
            await self._puts.submit((target, revisions))

    async def _put_all(self, puts: Sequence[Applied]) -> list[Exception | None]:
        await self._database.fetch(PUT, *applied_columns(puts))
        return [None] * len(puts)

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._puts.close()
