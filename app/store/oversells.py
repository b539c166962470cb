"""What is oversold, in SQL: one open row for a SKU at a location."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import orjson

from app.store.engine import Database, Row
from app.store.text import restored, storable
from streams.ports import Oversell, OversoldSku, WayOut

_KEEP = """
WITH given AS (
    SELECT * FROM unnest($4::text[], $5::numeric[], $6::jsonb[]) AS found (location, missing, told)
), ended AS (
    UPDATE oversells SET ended_at = $3
    WHERE connection = $1 AND sku = $2 AND ended_at IS NULL AND read_at < $3 AND location <> ALL ($4::text[])
)
INSERT INTO oversells AS o (connection, sku, location, missing, told, found_at, read_at)
SELECT $1, $2, location, missing, told, $3, $3 FROM given
ON CONFLICT (connection, sku, location) WHERE ended_at IS NULL DO UPDATE SET
    missing = excluded.missing, told = excluded.told, read_at = excluded.read_at,
    way = CASE WHEN excluded.missing > o.missing THEN '' ELSE o.way END
WHERE o.read_at < excluded.read_at
"""
_ROWS = """
SELECT number, connection, sku, location, missing, told::text, found_at, ended_at, way, decided_by, reason
FROM oversells WHERE CASE WHEN $1::bigint IS NULL THEN ended_at IS NULL AND way = '' ELSE number = $1 END
ORDER BY number
"""
_DECIDE = """
UPDATE oversells SET way = $2, decided_by = $3, reason = $4 WHERE number = $1 AND ended_at IS NULL RETURNING number
"""


class SqlOversells:
    """Implements `streams.ports.Oversells`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, connection: str, sku: str, found: Sequence[Oversell], read_at: datetime) -> None:
        """Exactly these are what is oversold of the SKU by the reading of that time; durable on return."""
        await self._database.fetch(
            _KEEP,
            connection,
            storable(sku),
            read_at,
            [storable(one.location) for one in found],
            [one.missing for one in found],
            [_json(one) for one in found],
        )

    async def waiting(self) -> Sequence[OversoldSku]:
        """Those that wait for a person, oldest first."""
        return [_oversold(row) for row in await self._database.fetch(_ROWS, None)]

    async def get(self, number: int) -> OversoldSku | None:
        """One by its number, over or not."""
        rows = await self._database.fetch(_ROWS, number)
        return _oversold(rows[0]) if rows else None

    async def decide(self, number: int, way: WayOut, *, by: str, reason: str) -> bool:
        """Keep what a person does about it. Returns False if it is over, or there is none of that number."""
        return bool(await self._database.fetch(_DECIDE, number, way.value, storable(by), storable(reason)))


def _json(oversell: Oversell) -> str:
    told = {
        "on_hand": str(oversell.on_hand),
        "held": str(oversell.held),
        "orders": [storable(order) for order in oversell.orders],
        "elsewhere": {storable(location): str(pieces) for location, pieces in oversell.elsewhere.items()},
        "changed_at": oversell.changed_at.isoformat() if oversell.changed_at else "",
    }
    return orjson.dumps(told).decode()


def _oversold(row: Row) -> OversoldSku:
    told = orjson.loads(row["told"])
    return OversoldSku(
        number=row["number"],
        connection=row["connection"],
        sku=restored(row["sku"]),
        oversell=Oversell(
            location=restored(row["location"]),
            missing=row["missing"],
            on_hand=Decimal(told["on_hand"]),
            held=Decimal(told["held"]),
            orders=tuple(restored(order) for order in told["orders"]),
            elsewhere={restored(location): Decimal(pieces) for location, pieces in told["elsewhere"].items()},
            changed_at=datetime.fromisoformat(told["changed_at"]) if told["changed_at"] else None,
        ),
        found_at=row["found_at"],
        ended_at=row["ended_at"],
        way=WayOut(row["way"]) if row["way"] else None,
        decided_by=restored(row["decided_by"]),
        reason=restored(row["reason"]),
    )
