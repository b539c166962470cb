"""The migrations make what the tables say, once, whoever starts first."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import SystemClock
from app.commands.migrate import bring_up_to_date
from app.settings import Settings, StoreSettings
from app.store import Store, migrate, migrations
from app.store.migrations import head
from app.store.tables import FINAL, metadata
from streams.errors import Unavailable
from streams.ports import Outcome


@pytest.fixture
async def new_database(postgres_url: str) -> AsyncIterator[str]:
    """URL of a database without any table."""
    name = f"tillstream_test_{uuid.uuid4().hex[:12]}"
    server = await asyncpg.connect(postgres_url)
    await server.execute(f'CREATE DATABASE "{name}"')
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    await server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await server.close()


async def test_the_tables_are_those_of_the_code(store_engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with store_engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_several_roles_may_migrate_at_once_and_again(new_database: str) -> None:
    await asyncio.gather(*(migrate(new_database) for _ in range(4)))
    await migrate(new_database)
    store = Store.open(new_database, role="test", clock=SystemClock())
    await store.ping()
    await store.close()


async def test_a_database_without_tables_is_not_ready(new_database: str) -> None:
    store = Store.open(new_database, role="test", clock=SystemClock())
    with pytest.raises(Unavailable, match="not this version's tables") as caught:
        await store.ping()
    assert caught.value.code == "store_not_migrated"
    await store.close()


async def test_a_database_of_an_older_version_is_not_ready(new_database: str) -> None:
    await migrate(new_database)
    connection = await asyncpg.connect(new_database)
    await connection.execute("UPDATE alembic_version SET version_num = '0000'")
    await connection.close()
    store = Store.open(new_database, role="test", clock=SystemClock())
    with pytest.raises(Unavailable, match=f"0000.*{head()}"):
        await store.ping()
    await store.close()


async def test_a_program_that_was_gone_back_to_works_on_the_tables_of_the_next_version(new_database: str) -> None:
    await migrate(new_database)
    connection = await asyncpg.connect(new_database)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await migrate(new_database)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
    await connection.close()
    store = Store.open(new_database, role="test", clock=SystemClock())
    await store.ping()
    await store.close()


FIRST_THAT_CAN_BE_UNDONE = "0016"
"""Versions before it were never in anybody's hands."""
TAKES_AWAY = re.compile(r"\bop\.(drop_\w+|rename_\w+|alter_column)\b|\b(DROP|RENAME)\b")


@pytest.mark.parametrize(
    "file", sorted(Path(migrations.__file__).parent.glob("versions/0*.py")), ids=lambda file: file.stem
)
def test_a_migration_only_adds_so_that_the_version_before_goes_on_working(file: Path) -> None:
    upward = file.read_text().partition("def upgrade")[2].partition("def downgrade")[0]
    if file.stem >= FIRST_THAT_CAN_BE_UNDONE:
        assert TAKES_AWAY.findall(upward) == [], "let the next version take away what this one no longer uses"


def test_the_final_outcomes_in_sql_are_those_of_the_code() -> None:
    words = ", ".join(f"'{outcome.value}'" for outcome in Outcome if outcome.ends)
    assert f"outcome IN ({words})" == FINAL


async def test_a_database_is_migrated_by_a_command_before_any_role_starts(
    new_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(store=StoreSettings(url=SecretStr(new_database)))
    for _ in range(2):
        assert await bring_up_to_date(settings) == 0
    store = Store.open(new_database, role="test", clock=SystemClock())
    await store.ping()
    await store.close()
    assert capsys.readouterr().out == f"the store has the tables of version {head()}\n" * 2
