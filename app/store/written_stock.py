"""What the web stores' sources hold, as it was last written, in SQL: a row of some hundred bytes for each SKU."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal

import orjson

from app.store.engine import Database
from app.store.text import restored, storable
from streams.ports import Clock, OversellWindow
from streams.ports.guards import NO_AGES

_LAST = "SELECT sku, quantities::text FROM written_stock WHERE target = $1 AND sku = ANY ($2::text[])"
_KEEP = """
WITH merged AS (
    SELECT given.sku, coalesce(had.quantities, '{}') || given.quantities AS quantities,
        had.total AS had_total, had.emptied_at AS had_emptied_at
    FROM unnest($2::text[], $3::jsonb[]) AS given (sku, quantities)
    LEFT JOIN written_stock AS had ON had.target = $1 AND had.sku = given.sku
), aged AS (
    SELECT * FROM unnest($5::text[], $6::interval[]) AS known (sku, age)
), summed AS (
    SELECT *, (SELECT sum(value::numeric) FROM jsonb_each_text(quantities) AS pieces (source, value)) AS total
    FROM merged
)
INSERT INTO written_stock AS w (target, sku, quantities, total, emptied_at, age, aged_at)
SELECT $1, sku, quantities, total, CASE WHEN total <= 0 AND had_total > 0 THEN $4 ELSE had_emptied_at END,
    age, CASE WHEN age IS NOT NULL THEN $4 END
FROM summed LEFT JOIN aged USING (sku) ORDER BY sku
ON CONFLICT (target, sku) DO UPDATE
SET quantities = excluded.quantities, total = excluded.total, emptied_at = excluded.emptied_at,
    age = coalesce(excluded.age, w.age), aged_at = coalesce(excluded.aged_at, w.aged_at)
"""
"""A SKU is written by one worker at a time, so nobody changes the row between its reading and its writing."""
_IN_STOCK = "SELECT count(*) AS skus FROM written_stock WHERE target = $1 AND (total > 0 OR emptied_at > $2)"

_WINDOW = """
SELECT count(*) AS skus,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY age) AS p95, percentile_disc(0.99) WITHIN GROUP (ORDER BY age) AS p99
FROM written_stock WHERE target = $1 AND aged_at > $2
"""


class SqlWrittenStock:
    """Implements `streams.ports.WrittenStock`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def last(self, target: str, skus: Collection[str]) -> Mapping[str, Mapping[str, Decimal]]:
        """Pieces by source of each SKU that is known."""
        rows = await self._database.fetch(_LAST, target, [storable(sku) for sku in skus])
        return {restored(row["sku"]): _pieces(row["quantities"]) for row in rows}

    async def keep(
        self, target: str, stock: Mapping[str, Mapping[str, Decimal]], ages: Mapping[str, timedelta] = NO_AGES
    ) -> None:
        """Remember pieces by source of each SKU; a source that is not named keeps what it had."""
        rows = [(storable(sku), _json(pieces)) for sku, pieces in stock.items() if pieces]
        if rows:
            skus, quantities = map(list, zip(*rows, strict=True))
            aged = [storable(sku) for sku in ages], list(ages.values())
            await self._database.fetch(_KEEP, target, skus, quantities, self._clock.now(), *aged)

    async def window(self, target: str, within: timedelta) -> OversellWindow:
        """How old stock was when the target got it."""
        (row,) = await self._database.fetch(_WINDOW, target, self._clock.now() - within)
        return OversellWindow(row["skus"], row["p95"], row["p99"]) if row["skus"] else OversellWindow(0)

    async def in_stock(self, target: str, within: timedelta) -> int:
        """How many SKUs were in stock so long ago or since."""
        (row,) = await self._database.fetch(_IN_STOCK, target, self._clock.now() - within)
        return int(row["skus"])


def _json(pieces: Mapping[str, Decimal]) -> str:
    return orjson.dumps({source: str(quantity) for source, quantity in pieces.items()}).decode()


def _pieces(text: str) -> dict[str, Decimal]:
    return {source: Decimal(quantity) for source, quantity in orjson.loads(text).items()}
