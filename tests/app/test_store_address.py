"""URLs as managed PostgreSQL gives them out, and what becomes of their parameters."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.settings import Settings, StoreSettings
from app.store_address import SslMode, StoreAddress, StoreAddressError, with_authorities
from tests.certificates import Certificate, certificate_of

URL = "postgresql://shop:pa%3Fss@db.example:5432/till"
PASSWORD = "pa?ss"


@pytest.fixture
def server(tmp_path: Path) -> Certificate:
    return certificate_of("127.0.0.1", tmp_path)


def test_a_url_without_parameters_is_left_to_the_driver() -> None:
    address = StoreAddress.parse(URL)
    assert (address.url.password, address.url.host, address.url.database) == (PASSWORD, "db.example", "till")
    assert (address.url.drivername, address.connect_args()) == ("postgresql+asyncpg", {})


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_a_mode_that_looks_at_no_certificate_is_the_drivers_own(mode: str) -> None:
    for name in ("sslmode", "ssl"):
        address = StoreAddress.parse(f"{URL}?{name}={mode}")
        assert (address.connect_args(), dict(address.url.query)) == ({"ssl": mode}, {})


@pytest.mark.parametrize(
    ("query", "host_name"),
    [
        ("sslmode=verify-full", True),
        ("sslmode=verify-full&sslrootcert=system", True),
        ("sslmode=require&sslrootcert=system", True),
        ("sslmode=verify-full&sslrootcert={file}", True),
        ("sslrootcert={file}", True),
        ("sslmode=verify-ca&sslrootcert={file}", False),
        ("sslmode=require&sslrootcert={file}", False),  # libpq verifies too, where authorities are named
    ],
)
def test_a_certificate_must_be_right_where_the_url_says_so(query: str, host_name: bool, server: Certificate) -> None:
    context = StoreAddress.parse(f"{URL}?{query.format(file=server.certificate)}").connect_args()["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, host_name)


def test_a_certificate_of_ours_is_shown_without_looking_at_theirs(server: Certificate) -> None:
    address = StoreAddress.parse(f"{URL}?sslcert={server.certificate}&sslkey={server.key}")
    context = address.connect_args()["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert (address.mode, context.verify_mode) == (SslMode.REQUIRE, ssl.CERT_NONE)


def test_a_socket_is_still_named_by_its_directory() -> None:
    assert dict(StoreAddress.parse("postgresql:///till?host=/run/postgresql").url.query) == {"host": "/run/postgresql"}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "is no URL"),
        (f"{URL}?sslmode=strict", "sslmode=strict: it is one of disable, allow"),
        (f"{URL}?pool_mode=x", "the parameter pool_mode: it is not known; known are sslmode"),
        (f"{URL}?sslmode=require&channel_binding=require", "channel_binding: the driver cannot"),
        (f"{URL}?connect_timeout=10", "connect_timeout: Tillstream has its own"),
        (f"{URL}?sslmode=prefer&sslrootcert=/ca.pem", "sslmode=prefer, and authorities are named"),
    ],
)
def test_what_cannot_be_kept_is_told_by_name_and_without_the_password(url: str, said: str) -> None:
    with pytest.raises(StoreAddressError) as told:
        StoreAddress.parse(url)
    assert said in str(told.value)
    assert PASSWORD not in str(told.value)


def test_the_setting_names_the_authorities_too_but_not_others(server: Certificate) -> None:
    store = StoreSettings(url=SecretStr(URL), ca_file=server.certificate)
    address = StoreAddress.parse(store.whole_url)
    assert (address.mode, address.authorities) == (SslMode.VERIFY_FULL, str(server.certificate))
    assert address.url.password == PASSWORD
    with pytest.raises(StoreAddressError, match="name one of them"):
        with_authorities(f"{URL}?sslrootcert=/other.pem", server.certificate)


@pytest.mark.parametrize("query", ["pool_mode=x", "sslmode=verify-full&sslrootcert=/nowhere/ca.pem"])
def test_settings_refuse_a_store_that_could_not_be_opened(query: str) -> None:
    with pytest.raises(ValidationError, match=r"store\.url: (has the parameter pool_mode|.*/nowhere/ca\.pem)"):
        Settings(store=StoreSettings(url=SecretStr(f"{URL}?{query}")))
