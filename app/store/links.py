"""Which entity is which, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.store.engine import Database
from app.store.group_commit import GroupCommit
from app.store.text import restored, storable
from schemas.ids import Ref
from streams.ports import Clock

_FIND = "SELECT ref, counterpart FROM links WHERE ref = ANY ($1::text[]) AND connection = $2"
_LINK = "SELECT number, one, other FROM link_refs($1, $2, $3, $4, $5)"

Pair = tuple[Ref, Ref]


def link_columns(pairs: Sequence[Pair]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The pairs as ``link_refs()`` takes them: refs and connections of each side."""
    return (
        [stored_ref(one) for one, _ in pairs],
        [one.connection for one, _ in pairs],
        [stored_ref(other) for _, other in pairs],
        [other.connection for _, other in pairs],
    )


def stored_ref(ref: Ref) -> str:
    """A ref as the tables keep it."""
    return storable(str(ref))


class SqlLinks:
    """Implements `streams.ports.Links`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._inserts: GroupCommit[Pair, Pair] = GroupCommit(self._insert_all)

    async def find(self, refs: Collection[Ref], connection: str) -> Mapping[Ref, Ref]:
        """The counterparts in ``connection`` of those refs that have one, in either direction."""
        asked = {stored_ref(ref): ref for ref in refs}
        if not asked:
            return {}
        rows = await self._database.fetch(_FIND, list(asked), connection)
        return {asked[row["ref"]]: Ref.parse(restored(row["counterpart"])) for row in rows}

    async def insert(self, one: Ref, other: Ref) -> Pair:
        """Insert or get: returns the pair as it stands. Makes everything that waits for either ref due."""
        return await self._inserts.submit((one, other))

    async def _insert_all(self, pairs: Sequence[Pair]) -> list[Pair | Exception]:
        rows = await self._database.fetch(_LINK, *link_columns(pairs), self._clock.now())
        return [
            (Ref.parse(restored(row["one"])), Ref.parse(restored(row["other"])))
            for row in sorted(rows, key=lambda row: int(row["number"]))
        ]

    async def close(self) -> None:
        """Wait for what is being written."""
        await self._inserts.close()
