"""The sandboxes' databases, as those see them who only look on."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot change anything; rows go by name and by place. Raises FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(f"there is no database at {path}")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return connection
