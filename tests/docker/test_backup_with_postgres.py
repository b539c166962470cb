"""Backup and restore by the scripts of docker/production, with PostgreSQL's own tools on a real server."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url

from app.clock import SystemClock
from app.commands.running import moment
from app.local.postgres import programs_directory, start_postgres
from app.store import Store, migrate
from streams.ports import Way
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

    def use_the_real_restic(self) -> Path:
        """Returns the file of the repository's password."""
        (self.folder / "bin" / "restic").unlink()
        password = self.folder / "restic_password"
        password.write_text(secrets.token_hex())
        self.environment |= {
            "RESTIC_REPOSITORY": self.environment["REPOSITORY"],
            "RESTIC_PASSWORD_FILE": str(password),
            "RESTIC_CACHE_DIR": str(self.folder / "backup" / "cache"),
        }
        return password

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


async def launch(store: Store, flow: str) -> str:
    cutover = await store.cutovers.launch(Way(flow, "pos", "web"), datetime.now(UTC), by="test")
    return f"{cutover.at:%Y-%m-%dT%H:%M:%S.%f}"


@pytest.mark.postgres
async def test_what_people_launched_and_ended_since_the_backup_is_told_as_they_said_it(shop: Shop) -> None:
    store = Store.open(shop.url, role="test", clock=SystemClock(), connections=1)
    launched = {flow: await launch(store, flow) for flow in ("order", "price")}
    assert shop.run("backup.sh").returncode == 0
    await store.cutovers.undo(Way("price", "pos", "web"), by="test")
    launched["stock"] = await launch(store, "stock")
    await launch(store, "status")
    await store.cutovers.undo(Way("status", "pos", "web"), by="test")
    await store.close()

    for name in "tillstream_before_1", "tillstream_before_2":
        taken = shop.run("restore.sh", "take", "latest", name)
        assert taken.returncode == 0, taken.stderr
        told = shop.run("restore.sh", "decided")
        assert told.stdout.splitlines() == [
            "price from pos to web: docker compose run --rm cli launch price --undo",
            f"stock from pos to web: docker compose run --rm cli launch stock --since {launched['stock']}",
        ], told.stderr

    store = Store.open(shop.url, role="test", clock=SystemClock(), connections=1)
    again = await store.cutovers.launch(Way("stock", "pos", "web"), moment(launched["stock"]), by="test")
    assert f"{again.at:%Y-%m-%dT%H:%M:%S.%f}" == launched["stock"]
    await store.cutovers.undo(Way("price", "pos", "web"), by="test")
    assert shop.run("restore.sh", "decided").stdout == ""
    await launch(store, "stock")
    await store.close()
    assert shop.run("restore.sh", "decided").stdout == "", "what was decided after the restore counts"


@pytest.mark.postgres
async def test_of_the_empty_database_of_a_new_machine_nothing_is_told(shop: Shop) -> None:
    store = Store.open(shop.url, role="test", clock=SystemClock(), connections=1)
    await launch(store, "stock")
    await store.close()
    assert shop.run("backup.sh").returncode == 0
    await shop.ask("DROP SCHEMA public CASCADE")
    assert shop.run("restore.sh", "take", "latest", BEFORE).returncode == 0
    told = shop.run("restore.sh", "decided")
    assert (told.returncode, told.stdout) == (0, ""), told.stderr


@pytest.mark.postgres
async def test_a_store_from_before_that_cannot_be_read_is_told(shop: Shop) -> None:
    assert shop.run("backup.sh").returncode == 0
    assert shop.run("restore.sh", "take", "latest", BEFORE).returncode == 0
    await shop.ask("ALTER DATABASE tillstream_before_1 ALLOW_CONNECTIONS false")
    assert shop.run("restore.sh", "decided").returncode != 0


@pytest.mark.skipif(
    shutil.which("restic") is None and not os.environ.get("CI"),
    reason="restic is missing: apt-get install --no-install-recommends restic",
)
@pytest.mark.postgres
async def test_the_real_restic_gives_back_what_was_saved_and_takes_no_wrong_password(shop: Shop) -> None:
    password = shop.use_the_real_restic()
    right = password.read_text()
    await shop.ask("CREATE TABLE facts (name text)")
    await shop.ask("INSERT INTO facts VALUES ('first')")
    made = shop.run("backup.sh")
    assert made.returncode == 0, made.stdout + made.stderr
    listed = shop.run("restore.sh", "find", "latest")
    assert re.fullmatch(r"[0-9a-f]+ [0-9T:-]+\n", listed.stdout), listed.stdout + listed.stderr
    made_at = await shop.ask("SELECT ended_at FROM checks WHERE name = 'backup'")

    password.write_text(secrets.token_hex())
    tried = shop.run("backup.sh")
    assert tried.returncode != 0
    assert "FAILED (asking the repository)" in tried.stdout
    assert await shop.ask("SELECT failed FROM checks WHERE name = 'backup'") is True
    assert await shop.ask("SELECT ended_at FROM checks WHERE name = 'backup'") == made_at

    password.write_text(right)
    await shop.ask("INSERT INTO facts VALUES ('second')")
    made = shop.run("backup.sh")
    assert made.returncode == 0, made.stdout + made.stderr
    assert await shop.ask("SELECT failed FROM checks WHERE name = 'backup'") is False
    await shop.ask("INSERT INTO facts VALUES ('later')")
    taken = shop.run("restore.sh", "take", "latest", BEFORE)
    assert taken.returncode == 0, taken.stderr
    assert await shop.ask("SELECT string_agg(name, ' ' ORDER BY name) FROM facts") == "first second"
