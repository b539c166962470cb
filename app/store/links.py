"""Which entity is which, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from app.store.batcher import statements
from app.store.engine import Database
from app.store.text import restored, storable
from schemas.ids import Ref
from streams.ports import Clock

_FIND = """
SELECT ref, connection, counterpart FROM links
JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (ref, connection)) AS wanted
USING (ref, connection)
"""
_LINK = "SELECT number, one, other FROM link_refs($1, $2, $3, $4, $5)"
_RELINK = "SELECT one, other FROM relink_ref($1, $2, $3, $4, $5)"

Pair = tuple[Ref, Ref]
Question = tuple[Collection[Ref], str]
Counterparts = Mapping[Ref, Ref]


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
        self._finds = statements(self._find_all)
        self._inserts = statements(self._insert_all)

    async def find(self, refs: Collection[Ref], connection: str) -> Counterparts:
        """The counterparts in ``connection`` of those refs that have one, in either direction."""
        return await self._finds.submit((refs, connection)) if refs else {}

    async def _find_all(self, questions: Sequence[Question]) -> list[Counterparts | Exception]:
        wanted = [(stored_ref(ref), connection) for refs, connection in questions for ref in refs]
        rows = await self._database.fetch(_FIND, [ref for ref, _ in wanted], [connection for _, connection in wanted])
        found = {(row["ref"], row["connection"]): Ref.parse(restored(row["counterpart"])) for row in rows}
        return [
            {ref: found[key] for ref in refs if (key := (stored_ref(ref), connection)) in found}
            for refs, connection in questions
        ]

    async def insert(self, one: Ref, other: Ref) -> Pair:
        """Insert or get: returns the pair as it stands. Makes everything that waits for either ref due."""
        return await self._inserts.submit((one, other))

    async def replace(self, one: Ref, other: Ref) -> Pair:
        """Link ``one`` to ``other`` instead of what it is linked to there; returns the pair as it stands.

        That is another one if ``other`` has a counterpart already. Wakes what waits for the new link.
        """
        (row,) = await self._database.fetch(
            _RELINK, stored_ref(one), one.connection, stored_ref(other), other.connection, self._clock.now()
        )
        return Ref.parse(restored(row["one"])), Ref.parse(restored(row["other"]))

    async def _insert_all(self, pairs: Sequence[Pair]) -> list[Pair | Exception]:
        rows = await self._database.fetch(_LINK, *link_columns(pairs), self._clock.now())
        return [
            (Ref.parse(restored(row["one"])), Ref.parse(restored(row["other"])))
            for row in sorted(rows, key=lambda row: int(row["number"]))
        ]

    async def close(self) -> None:
        """Wait for what is under way."""
        await self._finds.close()
        await self._inserts.close()
