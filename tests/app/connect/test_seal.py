"""A webhook's secret in the store is of no use to who has no settings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.connect.seal import Seal

SEAL = Seal(SecretStr("client secret"))


@given(st.text())
def test_what_was_sealed_is_opened_under_the_same_client_secret_alone(secret: str) -> None:
    sealed = SEAL.close(secret)
    opened = Seal(SecretStr("client secret")).open(sealed)
    assert opened is not None
    assert opened.get_secret_value() == secret
    assert Seal(SecretStr("another")).open(sealed) is None


def test_the_secret_is_not_in_what_is_kept() -> None:
    assert b"whsec_abc" not in SEAL.close("whsec_abc")


def test_what_is_no_seal_opens_nothing() -> None:
    assert SEAL.open(b"whsec_abc") is None
