"""List reads that lag behind writes, as a search index or a read replica does.

Triggers keep every replaced version of a row with the time span in which it was valid, so that a lagging list answers
exactly what an up-to-date one answered some seconds ago: new rows are missing, changed rows show their old columns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

NOW = "((julianday('now') - 2440587.5) * 86400.0)"
"""SQL for now: seconds since the epoch, with milliseconds."""

LONGEST_LAG_SECONDS = 60.0
"""Replaced versions older than this are forgotten; a lag rule may not ask for more."""


def history_schema(table: str, columns: Sequence[str]) -> str:
    """SQL that keeps replaced rows of ``table`` in ``<table>_past``.

    Args:
        table: has a column ``valid_from REAL NOT NULL DEFAULT (0)``, which the triggers set; do not write it.
        columns: every other column, without ``valid_from``.
    """
    names = ", ".join(columns)
    old = ", ".join(f"OLD.{name}" for name in columns)
    touch = f"UPDATE {table} SET valid_from = {NOW} WHERE rowid = NEW.rowid;"  # noqa: S608 - names are ours
    keep = f"INSERT INTO {table}_past({names}, valid_from, valid_until) VALUES ({old}, OLD.valid_from, {NOW});"  # noqa: S608 - names are ours
    return f"""
    CREATE TABLE IF NOT EXISTS {table}_past({names}, valid_from REAL, valid_until REAL);
    CREATE INDEX IF NOT EXISTS {table}_past_until ON {table}_past(valid_until);
    CREATE TRIGGER IF NOT EXISTS {table}_born AFTER INSERT ON {table} BEGIN {touch} END;
    CREATE TRIGGER IF NOT EXISTS {table}_changed AFTER UPDATE OF {names} ON {table} BEGIN {keep} {touch} END;
    CREATE TRIGGER IF NOT EXISTS {table}_gone AFTER DELETE ON {table} BEGIN {keep} END;
    """


def as_of(table: str, columns: Sequence[str], lag_seconds: float) -> str:
    """What to put after FROM: the table itself, or its rows as they were ``lag_seconds`` ago."""
    if lag_seconds <= 0:
        return table
    names = ", ".join(columns)
    horizon = f"({NOW} - {float(lag_seconds)})"
    return (
        f"(SELECT {names} FROM {table} WHERE valid_from <= {horizon} "  # noqa: S608 - names are ours
        f"UNION ALL SELECT {names} FROM {table}_past WHERE valid_from <= {horizon} AND valid_until > {horizon})"
    )


def forget_past(connection: sqlite3.Connection, table: str) -> None:
    """Drop replaced versions that no lag can reach any more."""
    connection.execute(
        f"DELETE FROM {table}_past WHERE valid_until < {NOW} - ?",  # noqa: S608 - names are ours
        (LONGEST_LAG_SECONDS,),
    )
