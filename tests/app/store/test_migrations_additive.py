"""Old workers run on a store that a newer version has migrated."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.clock import SystemClock
from app.store import Store, migrate
from app.store.migrations import config
from tests.app.store.additive import breaking

MIGRATIONS = sorted(Path(script.path) for script in ScriptDirectory.from_config(config()).walk_revisions())


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_takes_nothing_away_from_old_workers_or_says_why_it_may(path: Path) -> None:
    assert breaking(path.read_text()) == [], "expand now, contract a version later, with CONTRACT = 'why it may'"


@pytest.mark.parametrize(
    "statement",
    [
        'op.drop_column("held", "looks")',
        'op.drop_table("held")',
        'op.drop_constraint("uq_held_record", "held")',
        'op.rename_table("held", "kept")',
        'op.alter_column("held", "looks", new_column_name="seen")',
        'op.alter_column("held", "looks", type_=sa.Text())',
        'op.alter_column("held", "letter", nullable=False)',
        'op.add_column("held", sa.Column("a", sa.Text(), nullable=False))',
        'op.create_unique_constraint("uq", "held", ["key"])',
        'op.create_check_constraint("ck", "held", "seq > 0")',
        'op.create_index("ix", "held", ["key"], unique=True)',
        'op.execute("ALTER TABLE held ALTER COLUMN letter SET NOT NULL")',
        'op.execute("ALTER TABLE held RENAME COLUMN a TO b")',
        "op.execute(GONE)",
    ],
)
def test_what_old_workers_would_not_survive_is_found(statement: str) -> None:
    source = f'GONE = "DROP TABLE held"\n\ndef upgrade() -> None:\n    {statement}\n'
    assert len(breaking(source)) == 1
    assert breaking(f'CONTRACT = "nothing uses it since 2.0"\n{source}') == []
    assert len(breaking(f'CONTRACT = ""\n{source}')) == 1


@pytest.mark.parametrize(
    "statement",
    [
        'op.add_column("held", sa.Column("a", sa.Text(), server_default="", nullable=False))',
        'op.add_column("held", sa.Column("a", sa.Text()))',
        'op.create_table("new", sa.Column("a", sa.Text(), nullable=False))',
        'op.create_index("ix", "held", ["key"])',
        'op.execute("CREATE FUNCTION f() RETURNS integer AS $$ SELECT 1 $$ LANGUAGE sql")',
    ],
)
def test_what_only_adds_is_let_pass(statement: str) -> None:
    assert breaking(f"def upgrade() -> None:\n    {statement}\n") == []


def test_a_table_that_is_new_may_have_any_rule() -> None:
    source = 'def upgrade() -> None:\n    op.create_table("new")\n    op.create_unique_constraint("uq", "new", ["a"])\n'
    assert breaking(source) == []


async def test_an_old_worker_that_starts_on_a_newer_store_leaves_it_as_it_is(store_url: str) -> None:
    connection = await asyncpg.connect(store_url)
    before = await connection.fetchval("SELECT version_num FROM alembic_version")
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    try:
        await migrate(store_url)
        assert await connection.fetchval("SELECT version_num FROM alembic_version") == "9999"
        store = Store.open(store_url, role="test", clock=SystemClock(), connections=1)
        await store.ping()
        await store.close()
    finally:
        await connection.execute("UPDATE alembic_version SET version_num = $1", before)
        await connection.close()
