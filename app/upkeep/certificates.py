"""Until when the TLS certificates are good that other systems, Kafka and the door show."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from yarl import URL

from app.connections import HeartlandConnection
from app.settings import Settings

SECONDS = 10.0
"""How long an address may take to show its certificate."""


class CertificateUnread(Exception):
    """No certificate was shown; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a certificate is shown.

    Attributes:
        name: the connection, or the setting that names it.
    """

    name: str
    host: str
    port: int


def addresses_of(settings: Settings) -> list[Address]:
    """Every address of these settings that speaks TLS from the first byte."""
    return list(dict.fromkeys([*_connections(settings), *_door(settings), *_brokers(settings)]))


async def good_until(address: Address) -> datetime:
    """When the certificate ends that is shown there.

    It is not judged: one that has ended already, or that nobody vouches for, has an end all the same. Nothing is sent.

    Raises:
        CertificateUnread: none is shown, or it cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(SECONDS):
            _, writer = await asyncio.open_connection(
                address.host, address.port, ssl=context, server_hostname=address.host
            )
    except (OSError, TimeoutError, UnicodeError) as error:  # a host name that is none cannot even be encoded
        raise CertificateUnread(f"{address.host}:{address.port} shows no certificate: {_said(error)}") from error
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(SECONDS):
            await writer.wait_closed()
    try:
        return x509.load_der_x509_certificate(shown).not_valid_after_utc
    except ValueError as error:
        raise CertificateUnread(f"{address.host}:{address.port} shows a certificate that is none: {error}") from error


def _connections(settings: Settings) -> Iterator[Address]:
    for name, connection in settings.connections.items():
        yield from _of_url(name, connection.base_url)
        if isinstance(connection, HeartlandConnection):
            yield from _of_url(name, connection.token_url)


def _door(settings: Settings) -> Iterator[Address]:
    """What senders see, whoever ends TLS before the door."""
    yield from _of_url("ingress.public_url", settings.ingress.public_url)


def _brokers(settings: Settings) -> Iterator[Address]:
    if settings.kafka.security_protocol.endswith("SSL"):
        for server in settings.kafka.bootstrap_servers.split(","):
            host, _, port = server.rpartition(":")
            yield Address("kafka.bootstrap_servers", host, int(port))


def _of_url(name: str, url: str) -> Iterator[Address]:
    parsed = URL(url)
    if parsed.scheme == "https" and parsed.host and parsed.port:
        yield Address(name, parsed.host, parsed.port)


def _said(error: BaseException) -> str:
    return str(error) or f"nothing within {SECONDS:g} s"
