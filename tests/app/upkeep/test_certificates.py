"""Reading until when a certificate is good, over a real TLS connection."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.connections import HeartlandConnection, MagentoConnection
from app.local.ports import free_ports
from app.settings import IngressSettings, KafkaSettings, Settings
from app.upkeep import certificates
from app.upkeep.certificates import Address, CertificateUnread, addresses_of, good_until
from tests.certificates import certificate_of
from tests.twins.clock import START


@asynccontextmanager
async def listening(context: ssl.SSLContext | None, *, says: bytes = b"") -> AsyncIterator[Address]:
    """Somebody who takes connections, and hears nothing."""

    served = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        writer.write(says)
        with contextlib.suppress(OSError):
            await reader.read()
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield Address("web", "127.0.0.1", server.sockets[0].getsockname()[1])
    await asyncio.gather(*(task for task in served if task is not None))


@pytest.mark.parametrize("end", [START + timedelta(days=9), START - timedelta(days=400)], ids=["later", "long ago"])
async def test_the_end_of_a_certificate_is_read_even_if_it_has_passed_and_nobody_vouches_for_it(
    tmp_path: Path, end: datetime
) -> None:
    async with listening(certificate_of("127.0.0.1", tmp_path, end).context) as address:
        assert await good_until(address) == end


async def test_an_address_that_speaks_no_tls_shows_none() -> None:
    async with listening(None, says=b"220 mail.example\r\n") as address:
        with pytest.raises(CertificateUnread, match=rf"127\.0\.0\.1:{address.port} shows no certificate: "):
            await good_until(address)


async def test_an_address_that_is_silent_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "SECONDS", 0.1)
    async with listening(None) as address:
        with pytest.raises(CertificateUnread, match=r"nothing within 0\.1 s"):
            await good_until(address)


async def test_an_address_where_nobody_listens_shows_none() -> None:
    (port,) = free_ports(1)
    with pytest.raises(CertificateUnread, match=f"127.0.0.1:{port} shows no certificate"):
        await good_until(Address("web", "127.0.0.1", port))


async def test_a_host_name_that_cannot_be_one_shows_none() -> None:
    with pytest.raises(CertificateUnread, match="shows no certificate"):
        await good_until(Address("web", "a" * 64 + ".example", 443))


def test_every_address_that_speaks_tls_is_looked_at_once() -> None:
    connections = {
        "web": MagentoConnection(base_url="https://shop.example/store", bearer_token=SecretStr("t")),
        "inside": MagentoConnection(base_url="http://shop.internal", bearer_token=SecretStr("t")),
        "pos": HeartlandConnection(
            base_url="https://pos.example:8443",
            token_url="https://login.example/token",
            client_id="till",
            client_secret=SecretStr("s"),
        ),
    }
    settings = Settings(
        connections=connections,
        kafka=KafkaSettings(bootstrap_servers="k1.example:9093,k2.example:9094", security_protocol="SSL"),
        ingress=IngressSettings(public_url="https://till.example"),
    )
    assert addresses_of(settings) == [
        Address("web", "shop.example", 443),
        Address("pos", "pos.example", 8443),
        Address("pos", "login.example", 443),
        Address("ingress.public_url", "till.example", 443),
        Address("kafka.bootstrap_servers", "k1.example", 9093),
        Address("kafka.bootstrap_servers", "k2.example", 9094),
    ]


def test_without_tls_there_is_nothing_to_look_at() -> None:
    assert addresses_of(Settings(kafka=KafkaSettings(security_protocol="PLAINTEXT"))) == []
