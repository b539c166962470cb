"""The embedded PostgreSQL starts, ends, and starts again on its data."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from app.local.postgres import PostgresNotStarted, start_postgres
from app.local.process import birth

pytestmark = pytest.mark.postgres


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_data_outlive_the_server(tmp_path: Path) -> None:
    first = start_postgres(tmp_path)
    assert await ask(first.url, "SHOW fsync") == "on"
    assert await ask(first.url, "SHOW server_version") == first.version
    await ask(first.url, "CREATE TABLE kept AS SELECT 42 AS number")
    first.stop()
    assert not birth(first.pid)
    second = start_postgres(tmp_path)
    assert await ask(second.url, "SELECT number FROM kept") == 42
    second.stop()
    second.stop()


async def test_a_fast_stop_does_not_wait_for_clients(tmp_path: Path) -> None:
    postgres = start_postgres(tmp_path)
    client = await asyncpg.connect(postgres.url)
    began = time.monotonic()
    postgres.stop()
    assert time.monotonic() - began < 5
    client.terminate()
    assert not (tmp_path / "cluster" / "postmaster.pid").exists(), "it shut down cleanly"


async def test_a_server_that_was_left_behind_is_ended_first(tmp_path: Path) -> None:
    leave = (
        "import os, sys; from pathlib import Path; from app.local.postgres import start_postgres; "
        "start_postgres(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    left = await asyncio.create_subprocess_exec(sys.executable, "-c", leave, tmp_path, cwd=Path(__file__).parents[3])
    assert await left.wait() == -signal.SIGKILL
    postgres = start_postgres(tmp_path)
    assert await ask(postgres.url, "SELECT 1") == 1
    postgres.stop()


async def test_it_repairs_itself_after_a_kill(tmp_path: Path) -> None:
    first = start_postgres(tmp_path)
    await ask(first.url, "CREATE TABLE kept AS SELECT 42 AS number")
    os.kill(first.pid, signal.SIGKILL)
    second = start_postgres(tmp_path)
    assert await ask(second.url, "SELECT number FROM kept") == 42
    second.stop()
    first.stop()


async def test_data_that_were_half_made_are_made_anew(tmp_path: Path) -> None:
    (tmp_path / "cluster" / "base").mkdir(parents=True)
    (tmp_path / "cluster" / "PG_VERSION").write_text("18\n")
    postgres = start_postgres(tmp_path)
    assert await ask(postgres.url, "SELECT 1") == 1
    postgres.stop()


def test_why_it_did_not_start_is_told_from_its_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PostgresNotStarted, match="in use"):
            start_postgres(tmp_path, port=taken.getsockname()[1])


def test_the_wheel_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.local.postgres.find_spec", lambda name: None)
    with pytest.raises(PostgresNotStarted, match=r"tillstream\[demo\]"):
        start_postgres(tmp_path)
