"""Alembic: `upgrade` brings a database to this version's tables, `head` names that version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_LOCK = "SELECT pg_advisory_lock(20841, 1)"
_UNLOCK = "SELECT pg_advisory_unlock(20841, 1)"
"""Locks of two keys never meet those of one key, which stand for refs."""


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The version that this code needs."""
    found = ScriptDirectory.from_config(config()).get_current_head()
    if found is None:
        raise RuntimeError("app/store/migrations/versions is empty: the package was built without its data")
    return found


def version(connection: Connection) -> str:
    """The version of the database's tables; empty if it has none. Versions are numbers of four digits."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(connection: Connection) -> None:
    """Bring the database to `head`. Several processes may do so at once: the others wait, and find nothing to do.

    One that a newer version has migrated stays as it is: an old worker that starts during an upgrade, or after a
    rollback, runs on it (tests/app/store/additive.py holds every migration to that).
    """
    connection.execute(text(_LOCK))
    connection.commit()
    try:
        if version(connection) <= head():
            settings = config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text(_UNLOCK))
        connection.commit()
