"""The point of sale's own sums. Implements PosReports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.heartland.client import HeartlandClient
from app.heartland.lists import Question, whole
from schemas.heartland import TransactionSum
from streams.ports import DaySum

TRANSACTIONS = "/v1/reports/transactions"


class HeartlandReports:
    """Reports of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def day_sums(self, first: date, last: date, location: str | None = None) -> Sequence[DaySum]:
        """Sums by day, location and currency (``GET /v1/reports/transactions``), the oldest first.

        Raises:
            Transient: the answer is not whole, or orders came in while it was read.
        """
        query = [("group_by", "day"), ("from", first.isoformat()), ("to", last.isoformat())]
        query += [("location_id", location)] if location is not None else []
        question = Question("day_sums", f"the days {first} to {last}", TRANSACTIONS, query)
        rows = await whole(
            self._client,
            TransactionSum,
            question,
            key=lambda row: (row.day, row.location, row.currency),
            fits=lambda row: first <= row.day <= last and location in (None, row.location),
        )
        return tuple(DaySum(**row.model_dump()) for row in rows)
