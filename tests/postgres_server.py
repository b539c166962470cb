"""One real PostgreSQL for the whole test run, and an empty, migrated database for each test that wants one."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Protocol

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import SystemClock
from app.local.postgres import start_postgres
from app.store import Cursors, Leases, Registrations, Store, migrate
from app.store.engine import engine_for
from app.store.tables import metadata
from streams.ports import (
    Agreements,
    AppliedRevisions,
    Checks,
    Cutovers,
    Guards,
    Held,
    Journal,
    Ledger,
    Links,
    OpenWrites,
    Oversells,
    Stops,
    WrittenStock,
)
from tests.servers import VERSIONS
from tests.twins.clock import FakeClock
from tests.twins.store import MemoryStore

GIVEN = ("TILLSTREAM_TEST_POSTGRES_URL", "TILLSTREAM_STORE__URL")
"""Variables that name a server to use; its user must be allowed to create databases. Its own ones are not touched."""

EMPTY = ";".join(f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables)
"""Ten times as fast as TRUNCATE on tables of some rows."""


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real server that all tests share: make databases of your own, or use `store_url`."""
    given = next((os.environ[name] for name in GIVEN if os.environ.get(name)), None)
    if given is not None:
        url = make_url(given).set(drivername="postgresql").render_as_string(hide_password=False)
        VERSIONS["postgres"] = f"{asyncio.run(_version(url))} (given)"
        yield url
        return
    postgres = start_postgres(tmp_path_factory.mktemp("postgres"))
    VERSIONS["postgres"] = f"{postgres.version} (embedded)"
    yield postgres.url
    postgres.stop()


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str) -> Iterator[str]:
    """URL of a migrated database that tests share one after the other."""
    name = f"tillstream_test_{uuid.uuid4().hex[:12]}"
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    asyncio.run(_execute(postgres_url, f'CREATE DATABASE "{name}"'))
    asyncio.run(migrate(url))
    yield url
    asyncio.run(_execute(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def store_url(migrated_url: str) -> str:
    """URL of a migrated, empty database."""
    await _execute(migrated_url, EMPTY)
    return migrated_url


@pytest.fixture
async def store_engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a migrated, empty database."""
    engine = engine_for(store_url, role="test")
    yield engine
    await engine.dispose()


@pytest.fixture
async def store(store_engine: AsyncEngine) -> AsyncIterator[Store]:
    """All ports on a migrated, empty database, on the machine's clock."""
    opened = Store.on(store_engine, SystemClock())
    yield opened
    await opened.close()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()


class Ports(Protocol):
    """What `Store` and `MemoryStore` have in common."""

    @property
    def links(self) -> Links: ...
    @property
    def agreements(self) -> Agreements: ...
    @property
    def applied(self) -> AppliedRevisions: ...
    @property
    def writes(self) -> OpenWrites: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def oversells(self) -> Oversells: ...
    @property
    def held(self) -> Held: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def cutovers(self) -> Cutovers: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def registrations(self) -> Registrations: ...
    @property
    def stops(self) -> Stops: ...
    @property
    def checks(self) -> Checks: ...
    @property
    def guards(self) -> Guards: ...
    @property
    def written_stock(self) -> WrittenStock: ...


@pytest.fixture
def clock() -> FakeClock:
    """A clock that the test owns."""
    return FakeClock()


@pytest.fixture
async def clocked_store(store_engine: AsyncEngine, clock: FakeClock) -> AsyncIterator[Store]:
    """All ports on a migrated, empty database, on the test's clock."""
    opened = Store.on(store_engine, clock)
    yield opened
    await opened.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_store(request: pytest.FixtureRequest, clock: FakeClock) -> Ports:
    """All ports, once in memory and once on PostgreSQL, on the test's clock."""
    if request.param == "memory":
        return MemoryStore(clock)
    opened: Store = request.getfixturevalue("clocked_store")
    return opened
