"""The log of mutations, so that a test can ask how often something was done to one thing."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

MUTATIONS_SCHEMA = """
CREATE TABLE IF NOT EXISTS mutations(
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,              -- ISO 8601, UTC
    method TEXT NOT NULL,
    path TEXT NOT NULL,            -- as sent, without the query
    operation TEXT NOT NULL,       -- the handler's name: create_order, write_source_items
    resource_key TEXT NOT NULL,    -- what it was done to: an order number, a SKU; empty if refused before it was known
    status INTEGER NOT NULL,       -- 200 if it was done, whatever was answered then; refused calls are logged too
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS mutations_by_resource ON mutations(operation, resource_key);
"""


def log_mutation(
    connection: sqlite3.Connection,
    *,
    method: str,
    path: str,
    operation: str,
    resource_key: str,
    status: int,
    body: bytes,
) -> None:
    """Add one line. Call it inside the mutation's own transaction, so that log and effect never differ; a refused
    call, whose transaction is rolled back, is logged in one of its own."""
    connection.execute(
        "INSERT INTO mutations(at, method, path, operation, resource_key, status, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            datetime.now(UTC).isoformat(),
            method,
            path,
            operation,
            resource_key,
            status,
            body.decode("utf-8", "replace"),
        ),
    )
