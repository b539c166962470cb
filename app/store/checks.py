"""What the last check of each kind has found, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from app.store.engine import Database
from streams.ports import CheckNumber, CheckResult

_KEEP = """
INSERT INTO checks AS c (name, ended_at, failed, numbers) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT (name) DO UPDATE
SET ended_at = excluded.ended_at, failed = excluded.failed, numbers = excluded.numbers
WHERE c.ended_at <= excluded.ended_at
"""
_LAST = "SELECT name, ended_at, failed, numbers::text FROM checks ORDER BY name"


class SqlChecks:
    """Implements `streams.ports.Checks`. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, result: CheckResult) -> None:
        """Keep it in the place of the last one of its check, unless that ended later; durable on return."""
        numbers = orjson.dumps([[*number.about, number.count] for number in result.numbers]).decode()
        await self._database.fetch(_KEEP, result.check, result.ended_at, result.failed, numbers)

    async def last(self) -> Sequence[CheckResult]:
        """The last result of each check, by name."""
        return [
            CheckResult(row["name"], row["ended_at"], row["failed"], _numbers(row["numbers"]))
            for row in await self._database.fetch(_LAST)
        ]


def _numbers(text: str) -> tuple[CheckNumber, ...]:
    return tuple(CheckNumber(tuple(about), count) for *about, count in orjson.loads(text))
