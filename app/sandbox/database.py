"""State of one sandbox system in one SQLite file.

The sandbox process is the only writer, on one connection; the auditor and tests open the file beside it (WAL lets
them). Transactions are short and never span an ``await``: the event loop itself keeps them apart.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 10.0
"""How long to wait while another process (a test that breaks a record on purpose) writes."""


class Database:
    """One SQLite file, opened once per sandbox process."""

    def __init__(self, path: Path, schema: str) -> None:
        """Open or create the file.

        Args:
            path: of the file; its directory must exist.
            schema: SQL script that creates what is missing (``CREATE ... IF NOT EXISTS``).
        """
        self.path = path
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(schema)
        self._after_commit: list[Callable[[], None]] = []

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing. Do not ``await`` inside, and do not nest."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        for callback in self._after_commit:
            callback()

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` after every commit; it must be quick (the webhook sender's wake-up)."""
        self._after_commit.append(callback)

    def read(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def write(self, sql: str, parameters: Sequence[object]) -> None:
        """Write by one statement: within the transaction under way, else by itself."""
        self._connection.execute(sql, parameters)

    def close(self) -> None:
        """Close the file; folds the WAL back into it."""
        self._connection.close()
