"""The store behind TLS, as managed PostgreSQL is: a real server, and real certificates.

The wheel's PostgreSQL is built without TLS, so a door before it speaks that part: PostgreSQL's request for TLS, the
handshake, and from then on what both sides say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from app.clock import SystemClock
from app.local.ports import HOST
from app.store import Store
from streams.errors import Unavailable
from tests.certificates import Certificate, certificate_of

SSL_REQUEST = bytes.fromhex("00000008 04d2162f")
YES = b"S"
STRANGER = "127.0.0.2"


@dataclass
class Door:
    """Takes TLS connections only, and hands on what is in them."""

    port: int
    ssl: Certificate
    url: str
    taken: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(len(SSL_REQUEST)) != SSL_REQUEST:
            writer.close()
            return
        writer.write(YES)
        try:
            await writer.start_tls(self.ssl.context)
        except OSError:  # the client does not believe the certificate
            return
        self.taken += 1
        inner = make_url(self.url)
        server_reader, server_writer = await asyncio.open_connection(inner.host, inner.port)
        await asyncio.gather(_pass_on(reader, server_writer), _pass_on(server_reader, writer))

    def address(self, query: str) -> str:
        url = make_url(self.url).set(host=HOST, port=self.port).render_as_string(hide_password=False)
        return f"{url}?{query}"


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def opened(door: Door) -> asyncio.Server:
    server = await asyncio.start_server(door.serve, HOST, 0)
    door.port = server.sockets[0].getsockname()[1]
    return server


@pytest.fixture
async def door(store_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    door = Door(0, certificate_of(HOST, tmp_path), store_url)
    async with await opened(door):
        yield door


async def ping(url: str) -> None:
    store = Store.open(url, role="test", clock=SystemClock(), connections=1)
    try:
        await store.ping()
    finally:
        await store.close()


async def test_a_store_whose_certificate_is_right_is_used_over_tls(door: Door) -> None:
    await ping(door.address(f"sslmode=verify-full&sslrootcert={door.ssl.certificate}"))
    await ping(door.address("sslmode=require"))
    assert door.taken == 2


async def test_a_store_that_nobody_we_trust_has_signed_is_refused(door: Door) -> None:
    with pytest.raises(Unavailable, match="cannot prove who it is") as told:
        await ping(door.address("sslmode=verify-full"))
    assert "TILLSTREAM_STORE__CA_FILE" in str(told.value)
    assert door.taken == 0


async def test_a_store_with_the_certificate_of_another_host_is_refused(door: Door, tmp_path: Path) -> None:
    door.ssl = certificate_of(STRANGER, tmp_path)
    authorities = door.ssl.certificate
    with pytest.raises(Unavailable, match="cannot prove who it is"):
        await ping(door.address(f"sslmode=verify-full&sslrootcert={authorities}"))
    await ping(door.address(f"sslmode=verify-ca&sslrootcert={authorities}"))


async def test_a_store_without_tls_is_not_used_where_tls_is_required(store_url: str) -> None:
    with pytest.raises(Unavailable, match="rejected SSL upgrade"):
        await ping(f"{store_url}?sslmode=require")
