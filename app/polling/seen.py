"""Which rows were published already: bounded, in memory, forgotten at a restart."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from app.polling.feed import Row

MOST_ROWS = 50_000
"""About eight megabytes. A row that was forgotten is published again, which is harmless."""


class Seen:
    """The digests of the rows published last.

    The whole row counts, not its id and time alone: a source that tells whole seconds may change a row twice in one.
    """

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def fresh(self, rows: Iterable[Row]) -> list[Row]:
        """Those that are news; those that are not count as seen just now."""
        news: dict[bytes, Row] = {}
        for row in rows:
            if row.digest in self._digests:
                self._digests.move_to_end(row.digest)
            else:
                news[row.digest] = row
        return list(news.values())

    def forget(self) -> None:
        """Every row is news again."""
        self._digests.clear()

    def add(self, rows: Iterable[Row]) -> None:
        """They are in Kafka."""
        for row in rows:
            self._digests[row.digest] = None
        while len(self._digests) > self._most:
            self._digests.popitem(last=False)
