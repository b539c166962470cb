"""For developers: ``python -m app.store.migrations "What changes"`` writes the migration from head to the tables.

It compares with a database that it makes for the purpose. Read what it wrote before you commit it: functions and data
are not compared.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from app.local.postgres import start_postgres
from app.store.engine import engine_for
from app.store.migrations import config, head, upgrade


def _write(connection: Connection, message: str) -> None:
    upgrade(connection)
    settings = config()
    settings.attributes["connection"] = connection
    command.revision(settings, message, autogenerate=True, rev_id=f"{int(head()) + 1:04}")


async def _compare(url: str, message: str) -> None:
    engine = engine_for(url, role="developer", connections=1)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        await connection.run_sync(_write, message)
    await engine.dispose()


def main(message: str) -> None:
    """Write the migration."""
    with tempfile.TemporaryDirectory() as directory:
        postgres = start_postgres(Path(directory))
        try:
            asyncio.run(_compare(postgres.url, message))
        finally:
            postgres.stop()


if __name__ == "__main__":
    main(sys.argv[1])
