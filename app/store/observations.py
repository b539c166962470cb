"""What deliveries told in the journal, for reports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from app.store.engine import Database, Row
from app.store.text import restored
from streams.launch.report import Line
from streams.ports import Outcome

PAGE = 5_000
_OF_DELIVER = "stage = 'deliver' AND at >= $1 AND outcome IN ('filtered', 'unchanged', 'in_review')"
_COUNT = f"SELECT count(*) AS lines FROM journal WHERE {_OF_DELIVER}"  # noqa: S608 - our own text
_PAGE = f"""
SELECT id, flow, target, aggregate, subject, step, outcome, message FROM journal
WHERE {_OF_DELIVER} AND id > $2 ORDER BY id LIMIT $3
"""  # noqa: S608 - our own text


class Observations:
    """Reads the journal. All methods raise like `app.store.engine.Database.connection`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, since: datetime) -> int:
        """How many lines there are."""
        (row,) = await self._database.fetch(_COUNT, since)
        return int(row["lines"])

    async def pages(self, since: datetime) -> AsyncIterator[Sequence[Line]]:
        """What deliveries left, held or would have written since then, oldest first."""
        last = 0
        while rows := await self._database.fetch(_PAGE, since, last, PAGE):
            yield [_line(row) for row in rows]
            last = rows[-1]["id"]


def _line(row: Row) -> Line:
    return Line(
        flow=row["flow"],
        target=row["target"],
        aggregate=restored(row["aggregate"]),
        subject=restored(row["subject"]),
        step=row["step"],
        outcome=Outcome(row["outcome"]),
        message=restored(row["message"]),
    )
