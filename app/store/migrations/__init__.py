"""Alembic: `upgrade` brings a database to this version's tables, `head` names that version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
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


def upgrade(connection: Connection) -> None:
    """Bring the database to `head`. Several processes may do so at once: the others wait, and find nothing to do.

    One that a newer version has migrated stays as it is: an old worker that starts during an upgrade, or after a
    rollback, runs on it (tests/app/store/additive.py holds every migration to that).
    """
    connection.execute(text(_LOCK))
    connection.commit()
    try:
        if _is_newer(connection):
            return
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text(_UNLOCK))
        connection.commit()


def _is_newer(connection: Connection) -> bool:
    """Whether a newer version than this has migrated the database."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return False
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found is not None and found > head()
