"""Backup and restore by the scripts of docker/production, with PostgreSQL's own tools on a real server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from app.local.postgres import programs_directory, start_postgres
from app.store import migrate
from tests.docker.composed import PRODUCTION

RESTIC = """#!/bin/bash
set -e
case $1 in
cat) [ -d "$REPOSITORY" ] ;;
init) mkdir "$REPOSITORY" ;;
backup) cp -R "${@: -1}" "$REPOSITORY/" ;;
restore) cp -R "$REPOSITORY/." "${@: -1}" ;;
esac
"""
"""Keeps one copy in a folder; it takes the calls that the scripts make."""
BEFORE = "tillstream_before_1"


class Shop:
    """A server with a store, and the scripts beside it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        address = make_url(url)
        (folder / "bin").mkdir()
        (folder / "config").mkdir()
        (folder / "config" / "flows").mkdir()
        for name in ("tillstream.toml", ".env", "flows/own.yaml"):
            (folder / "config" / name).write_text(f"{name} of this machine")
        (folder / "password").write_text("made here")
        (folder / "bin" / "restic").write_text(RESTIC)
        (folder / "bin" / "restic").chmod(0o755)
        self.environment = {
            "PATH": f"{folder / 'bin'}:{programs_directory()}:{os.environ['PATH']}",
            "PGHOST": str(address.host),
            "PGPORT": str(address.port),
            "PGUSER": "tillstream",
            "PGDATABASE": "tillstream",
            "POSTGRES_PASSWORD_FILE": str(folder / "password"),
            "BACKUP_DIRECTORY": str(folder / "backup"),
            "CONFIG_DIRECTORY": str(folder / "config"),
            "REPOSITORY": str(folder / "repository"),
        }

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(PRODUCTION / "backup" / script), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment, timeout=120)

    def cut_the_backup_short(self) -> None:
        (dump,) = Path(self.environment["REPOSITORY"]).rglob("store.dump")
        dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])

    async def ask(self, statement: str, *values: object) -> object:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    postgres = start_postgres(tmp_path / "server")
    try:
        await migrate(postgres.url)
        yield Shop(postgres.url, tmp_path)
    finally:
        postgres.stop()


@pytest.mark.postgres
async def test_what_was_saved_comes_back_and_what_came_later_stays_beside_it(shop: Shop) -> None:
    await shop.ask("CREATE TABLE facts (name text)")
    await shop.ask("INSERT INTO facts VALUES ('saved')")
    saved = shop.run("backup.sh")
    assert saved.returncode == 0, saved.stdout + saved.stderr
    assert await shop.ask("SELECT failed FROM checks WHERE name = 'backup'") is False
    spool = Path(shop.environment["REPOSITORY"]) / "spool"
    for name in ("tillstream.toml", ".env", "flows/own.yaml"):
        assert (spool / name).read_text() == f"{name} of this machine"
    await shop.ask("INSERT INTO facts VALUES ('later')")

    taken = shop.run("restore.sh", "take", "latest", BEFORE)
    assert taken.returncode == 0, taken.stderr
    assert await shop.ask("SELECT string_agg(name, ' ') FROM facts") == "saved"
    assert await shop.ask("SELECT count(*) FROM alembic_version") == 1

    undone = shop.run("restore.sh", "undo", BEFORE)
    assert undone.returncode == 0, undone.stderr
    assert await shop.ask("SELECT string_agg(name, ' ' ORDER BY name) FROM facts") == "later saved"
    again = shop.run("restore.sh", "undo", BEFORE)
    assert again.returncode == 0, again.stderr
    assert await shop.ask("SELECT string_agg(name, ' ' ORDER BY name) FROM facts") == "later saved"


@pytest.mark.postgres
async def test_a_try_that_fails_makes_the_last_backup_no_younger_and_a_broken_one_is_not_taken(shop: Shop) -> None:
    assert shop.run("backup.sh").returncode == 0
    made_at = await shop.ask("SELECT ended_at FROM checks WHERE name = 'backup'")
    shop.environment["CONFIG_DIRECTORY"] = "/nowhere"
    assert shop.run("backup.sh").returncode != 0
    assert await shop.ask("SELECT failed FROM checks WHERE name = 'backup'") is True
    assert await shop.ask("SELECT ended_at FROM checks WHERE name = 'backup'") == made_at

    shop.cut_the_backup_short()
    await shop.ask("CREATE TABLE facts (name text)")
    assert shop.run("restore.sh", "take", "latest", BEFORE).returncode != 0
    assert await shop.ask("SELECT count(*) FROM facts") == 0
