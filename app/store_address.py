"""The store's URL, as managed PostgreSQL gives it out, in the words of the driver.

URLs carry parameters of libpq: ``?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem``. asyncpg behind SQLAlchemy takes
each for an argument of its own and fails on it, so what is about TLS becomes an SSL context here, and everything that
could not be kept is refused by name.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

SYSTEM = "system"
"""``sslrootcert=system``: the machine's own authorities, as in libpq."""

KEPT = frozenset({"host", "port"})
"""Parameters that the driver understands as they are: a Unix socket, or several hosts."""

REFUSED: Mapping[str, str] = {
    "channel_binding": "the driver cannot bind channels: leave it out, and use sslmode=verify-full instead",
    "connect_timeout": "Tillstream has its own time limits: leave it out",
    "application_name": "every role names itself to PostgreSQL: leave it out",
    "options": "set such options for the role in PostgreSQL (ALTER ROLE ... SET ...) and leave it out",
    "sslcrl": "lists of revoked certificates are not read: leave it out",
    "target_session_attrs": "the address must be the primary's: leave it out",
}
"""Parameters of libpq that are known and cannot be kept, with what to do."""


class SslMode(StrEnum):
    """How a connection is protected; as libpq's ``sslmode``."""

    DISABLE = "disable"
    ALLOW = "allow"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"

    @property
    def verifies(self) -> bool:
        """Whether the server must prove who it is."""
        return self in {SslMode.VERIFY_CA, SslMode.VERIFY_FULL}


class StoreAddressError(ValueError):
    """The URL cannot be used; the message says why and what to do, and holds no secret."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where the store is and how its connections are protected.

    Attributes:
        url: for SQLAlchemy, without what is about TLS.
        mode: None leaves it to the driver: TLS where the server offers it, without a look at its certificate.
        authorities: PEM file of who may have signed the server's certificate, ``system`` for the machine's own; None
            if it is not looked at, or for the machine's own if it must be.
        certificate, key: PEM files of ours, where the server asks for one.
    """

    url: URL
    mode: SslMode | None = None
    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None

    @classmethod
    def parse(cls, url: str) -> StoreAddress:
        """Take a URL apart.

        Args:
            url: ``postgresql://user:password@host:port/database?sslmode=verify-full``.

        Raises:
            StoreAddressError: it is no URL, has an unknown parameter, or contradicts itself.
        """
        whole = _url(url)
        given = {name: value if isinstance(value, str) else value[-1] for name, value in whole.query.items()}
        mode = _mode(given.pop("sslmode", None) or given.pop("ssl", None))
        root = given.pop("sslrootcert", None)
        certificate, key = given.pop("sslcert", None), given.pop("sslkey", None)
        _refuse(given.keys() - KEPT)
        mode = _stricter(mode, root)
        if mode is None and certificate is not None:
            mode = SslMode.REQUIRE
        rest = {name: value for name, value in whole.query.items() if name in KEPT}
        return cls(whole.set(drivername="postgresql+asyncpg", query=rest), mode, root, certificate, key)

    def connect_args(self) -> dict[str, object]:
        """Keyword arguments for asyncpg. Raises StoreAddressError if a file cannot be used."""
        if self.mode is None:
            return {}
        if not self.mode.verifies and self.certificate is None:
            return {"ssl": self.mode.value}
        try:
            return {"ssl": self._context(self.mode)}
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(name for name in (self.authorities, self.certificate, self.key) if name)
            raise StoreAddressError(f"a certificate or key cannot be read ({error}), of: {files}") from None

    def _context(self, mode: SslMode) -> ssl.SSLContext:
        file = None if self.authorities == SYSTEM else self.authorities
        context = ssl.create_default_context(cafile=file)
        context.check_hostname = mode is SslMode.VERIFY_FULL
        context.verify_mode = ssl.CERT_REQUIRED if mode.verifies else ssl.CERT_NONE
        if self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


def with_authorities(url: str, file: Path) -> str:
    """The URL with the setting ``store.ca_file`` in it. Raises StoreAddressError if it names others itself."""
    whole = _url(url)
    named = whole.query.get("sslrootcert")
    if named is not None and named != str(file):
        raise StoreAddressError(f"has sslrootcert={named}, and store.ca_file is {file}: name one of them")
    return whole.update_query_dict({"sslrootcert": str(file)}).render_as_string(hide_password=False)


def _url(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise StoreAddressError("is no URL: write postgresql://user:password@host:port/database") from None


def _mode(given: str | None) -> SslMode | None:
    if given is None:
        return None
    try:
        return SslMode(given)
    except ValueError:
        raise StoreAddressError(f"has sslmode={given}: it is one of {', '.join(SslMode)}") from None


def _stricter(mode: SslMode | None, authorities: str | None) -> SslMode | None:
    """Who names authorities wants the server's certificate looked at. libpq does so too, for ``require``."""
    if authorities is None:
        return mode
    if mode in {SslMode.DISABLE, SslMode.ALLOW, SslMode.PREFER}:
        raise StoreAddressError(f"has sslmode={mode}, and authorities are named: use verify-full, or name none")
    if mode is None or authorities == SYSTEM:
        return SslMode.VERIFY_FULL
    return SslMode.VERIFY_CA if mode is SslMode.REQUIRE else mode


def _refuse(names: set[str]) -> None:
    for name in sorted(names):
        why = REFUSED.get(name, "it is not known; known are sslmode, sslrootcert, sslcert and sslkey")
        raise StoreAddressError(f"has the parameter {name}: {why}")
