from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from app.sandbox.lag import NOW, as_of, forget_past, history_schema

COLUMNS = ("id", "colour")


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(
        "CREATE TABLE thing(id INTEGER PRIMARY KEY, colour TEXT, valid_from REAL NOT NULL DEFAULT (0));"
        + history_schema("thing", COLUMNS)
    )
    yield connection
    connection.close()


def age(connection: sqlite3.Connection, seconds: float) -> None:
    """Let everything so far be older by so many seconds."""
    connection.execute("UPDATE thing SET valid_from = valid_from - ?", (seconds,))
    connection.execute(
        "UPDATE thing_past SET valid_from = valid_from - ?, valid_until = valid_until - ?", [seconds] * 2
    )


def seen(connection: sqlite3.Connection, lag: float) -> list[tuple[int, str]]:
    return connection.execute(f"SELECT id, colour FROM {as_of('thing', COLUMNS, lag)} ORDER BY id").fetchall()


def test_a_lagging_list_shows_what_was_true_then(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO thing(id, colour) VALUES (1, 'red'), (2, 'red')")
    age(connection, 10)
    connection.execute("UPDATE thing SET colour = 'blue' WHERE id = 1")
    age(connection, 10)
    connection.execute("INSERT INTO thing VALUES (1, 'green', 0) ON CONFLICT(id) DO UPDATE SET colour = 'green'")
    connection.execute("INSERT INTO thing(id, colour) VALUES (3, 'new')")
    connection.execute("DELETE FROM thing WHERE id = 2")
    assert seen(connection, 0) == [(1, "green"), (3, "new")]
    assert seen(connection, 5) == [(1, "blue"), (2, "red")]
    assert seen(connection, 15) == [(1, "red"), (2, "red")]
    assert seen(connection, 25) == []


def test_old_versions_are_forgotten(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO thing(id, colour) VALUES (1, 'red')")
    connection.execute("UPDATE thing SET colour = 'blue'")
    age(connection, 120)
    connection.execute("UPDATE thing SET colour = 'green'")
    forget_past(connection, "thing")
    assert connection.execute("SELECT colour FROM thing_past").fetchall() == [("blue",)]
    assert connection.execute(f"SELECT valid_from <= {NOW} FROM thing").fetchall() == [(1,)]
