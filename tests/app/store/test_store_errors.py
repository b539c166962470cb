"""What goes wrong with the database is one of the project's own errors, and tells the operator what to do."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import SystemClock
from app.store import Store
from app.store import engine as engine_module
from app.store.engine import engine_for
from schemas.ids import Ref
from streams.errors import Rejected, Transient, Unavailable
from streams.ports import EffectKey

ORDER = Ref("web", "order", "42")
Open = Callable[[str], Store]


@pytest.fixture
async def open_store() -> AsyncIterator[Open]:
    opened: list[Store] = []

    def open_at(url: str) -> Store:
        opened.append(Store.open(url, role="test", clock=SystemClock(), connections=2))
        return opened[-1]

    yield open_at
    for store in opened:
        await store.close()


async def test_an_absent_server_is_named_without_its_password(open_store: Open, free_port: int) -> None:
    store = open_store(f"postgresql://till:hunter2@127.0.0.1:{free_port}/tillstream")
    with pytest.raises(Unavailable) as caught:
        await store.links.find([ORDER], "pos")
    assert f"127.0.0.1:{free_port}/tillstream" in caught.value.message
    assert "TILLSTREAM_STORE__URL" in caught.value.message
    assert "hunter2" not in caught.value.message
    with pytest.raises(Unavailable):
        await store.ping()


async def test_an_absent_database_is_named(open_store: Open, store_url: str) -> None:
    url = make_url(store_url).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(Unavailable, match="nowhere"):
        await open_store(url).journal.delivered()


async def test_a_user_without_rights_is_refused(open_store: Open, store_url: str) -> None:
    admin = await asyncpg.connect(store_url)
    await admin.execute("CREATE ROLE tillstream_stranger LOGIN PASSWORD 'x'")
    try:
        url = make_url(store_url).set(username="tillstream_stranger", password="x")
        store = open_store(url.render_as_string(hide_password=False))
        with pytest.raises(Unavailable, match=r"refuses us .*rights"):  # and not AuthFailed: that is a target's word
            await store.ledger.get(EffectKey("pos", "create_order", ORDER))
        with pytest.raises(Unavailable, match="rights"):
            await store.ping()
        await store.close()
    finally:
        await admin.execute("DROP ROLE tillstream_stranger")
        await admin.close()


async def test_connections_that_the_server_closed_are_replaced(store: Store, store_url: str) -> None:
    assert await store.links.find([ORDER], "pos") == {}
    admin = await asyncpg.connect(store_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tillstream-%'"
    )
    await admin.close()
    await asyncio.sleep(0.05)  # the loop learns that its socket was closed
    assert await store.links.find([ORDER], "pos") == {}
    await store.ping()


async def test_a_statement_that_is_cut_off_is_unavailable_and_the_next_one_works(store: Store, store_url: str) -> None:
    admin = await asyncpg.connect(store_url)
    running = asyncio.create_task(store.database.fetch("SELECT pg_sleep(60)"))
    async with asyncio.timeout(10):
        while not await admin.fetchval(  # noqa: ASYNC110 - the server is asked
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
        ):
            await asyncio.sleep(0.01)
    await admin.close()
    with pytest.raises(Unavailable):
        await running
    assert await store.links.find([ORDER], "pos") == {}


async def test_a_slow_statement_is_given_up_and_has_changed_nothing(store_url: str) -> None:
    engine = engine_for(store_url, role="test", statement_seconds=0.05)
    store = Store.on(engine, SystemClock())
    with pytest.raises(Transient, match="changed nothing"):
        await store.database.fetch("SELECT pg_sleep(60)")
    await store.ping()
    await store.close()


async def test_a_value_that_does_not_fit_is_refused_and_hinders_nobody(store: Store) -> None:
    too_long = Ref("web", "order", "".join(map(chr, range(200, 9000))))
    refused, linked = await asyncio.gather(
        store.links.insert(too_long, Ref("pos", "order", "1")),
        store.links.insert(ORDER, Ref("pos", "order", "2")),
        return_exceptions=True,
    )
    assert isinstance(refused, Rejected)
    assert linked == (ORDER, Ref("pos", "order", "2"))


async def test_who_finds_all_connections_in_use_is_told_so(
    store_engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "POOL_SECONDS", 0.05)
    engine = engine_for(str(store_engine.url), role="test", connections=1)
    store = Store.on(engine, SystemClock())
    async with store.database.connection():
        with pytest.raises(Transient, match="TILLSTREAM_STORE__CONNECTIONS"):
            await store.links.find([ORDER], "pos")
    assert await store.links.find([ORDER], "pos") == {}
    await store.close()


async def test_a_cancelled_caller_leaves_a_usable_connection(store_engine: AsyncEngine) -> None:
    engine = engine_for(str(store_engine.url), role="test", connections=1)
    store = Store.on(engine, SystemClock())
    running = asyncio.create_task(store.database.fetch("SELECT pg_sleep(60)"))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await store.ping()
    await store.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
