from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.connections import Webhooks
from app.ingress.signature import SecretUnreadable, Verdict, Verifier
from tests.app.ingress.signing import plain_header, standard_headers

NOW = 1_800_000_000
KEY = b"0123456789abcdef0123456789abcdef"
WHSEC = "whsec_" + base64.b64encode(KEY).decode()


def standard(*secrets: str, tolerance: int = 300) -> Verifier:
    return Verifier.of(Webhooks(secrets=tuple(map(SecretStr, secrets)), tolerance_seconds=tolerance))


def plain(*secrets: str) -> Verifier:
    return Verifier.of(Webhooks(shape="header", header="X-Sign", secrets=tuple(map(SecretStr, secrets))))


def test_the_example_of_the_specification_verifies() -> None:
    """Published with the reference libraries of Standard Webhooks; a value that we did not make ourselves."""
    verifier = standard("whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert verifier.check(headers, b'{"test": 2432232314}', 1614265330) is Verdict.RIGHT


@given(st.binary(max_size=300), st.binary(min_size=24, max_size=64), st.integers(-300, 300))
def test_what_was_signed_with_our_secret_within_the_tolerance_is_right(body: bytes, key: bytes, off: int) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    assert standard(secret).check(standard_headers(key, body, seconds=NOW + off), body, NOW) is Verdict.RIGHT


@given(st.binary(max_size=100), st.text(min_size=1, max_size=40).filter(lambda text: not text.startswith("whsec_")))
def test_a_raw_secret_signs_as_its_utf8_bytes_in_both_shapes(body: bytes, secret: str) -> None:
    assert standard(secret).check(standard_headers(secret.encode(), body, seconds=NOW), body, NOW) is Verdict.RIGHT
    header = {"X-Sign": plain_header(secret.encode(), body, seconds=NOW)}
    assert plain(secret).check(header, body, NOW) is Verdict.RIGHT


@given(st.binary(min_size=1, max_size=200), st.data())
def test_one_changed_byte_anywhere_in_the_body_is_wrong(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    by = data.draw(st.integers(1, 255))
    changed = body[:at] + bytes([body[at] ^ by]) + body[at + 1 :]
    assert standard(WHSEC).check(standard_headers(KEY, body, seconds=NOW), changed, NOW) is Verdict.WRONG
    header = {"X-Sign": plain_header(KEY, body, seconds=NOW)}
    assert plain(WHSEC).check(header, changed, NOW) is Verdict.WRONG


@pytest.mark.parametrize(
    ("header", "value"),
    [("webhook-id", "msg_2"), ("webhook-timestamp", str(NOW + 1)), ("webhook-signature", "v1,AAAA")],
)
def test_a_changed_header_is_wrong(header: str, value: str) -> None:
    headers = standard_headers(KEY, b"{}", seconds=NOW) | {header: value}
    assert standard(WHSEC).check(headers, b"{}", NOW) is Verdict.WRONG


@pytest.mark.parametrize("off", [-301, 301, -86_400])
def test_a_webhook_outside_of_the_tolerance_is_stale_either_way(off: int) -> None:
    headers = standard_headers(KEY, b"{}", seconds=NOW + off)
    assert standard(WHSEC).check(headers, b"{}", NOW) is Verdict.STALE


def test_every_active_secret_counts_and_no_other() -> None:
    headers = standard_headers(KEY, b"{}", seconds=NOW)
    assert standard("new-secret", WHSEC).check(headers, b"{}", NOW) is Verdict.RIGHT
    assert standard("new-secret").check(headers, b"{}", NOW) is Verdict.WRONG


def test_one_right_signature_of_several_is_enough_whatever_versions_stand_beside() -> None:
    headers = standard_headers(KEY, b"{}", seconds=NOW)
    headers["webhook-signature"] = f"v1a,ed25519 v1,AAAA {headers['webhook-signature']} v2,x"
    assert standard(WHSEC).check(headers, b"{}", NOW) is Verdict.RIGHT
    header = plain_header(KEY, b"{}", seconds=NOW)
    both = f"{plain_header(b'other', b'{}', seconds=NOW)},{header.partition(',')[2]}"
    assert plain(WHSEC).check({"X-Sign": both}, b"{}", NOW) is Verdict.RIGHT


def test_without_a_secret_nothing_is_right() -> None:
    for key in (b"", b"None", KEY):
        assert standard().check(standard_headers(key, b"{}", seconds=NOW), b"{}", NOW) is Verdict.WRONG


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_no_signature(missing: str) -> None:
    headers = standard_headers(KEY, b"{}", seconds=NOW)
    del headers[missing]
    assert standard(WHSEC).check(headers, b"{}", NOW) is Verdict.NO_SIGNATURE


@given(
    st.fixed_dictionaries(
        {
            "webhook-id": st.text(),
            "webhook-timestamp": st.text() | st.integers().map(str),
            "webhook-signature": st.text() | st.text().map("v1,".__add__),
            "X-Sign": st.text() | st.text().map("t=1800000000,v1=".__add__),
        }
    ),
    st.binary(max_size=50),
)
def test_whatever_an_attacker_writes_is_refused_and_never_an_error(headers: dict[str, str], body: bytes) -> None:
    for verifier in (standard(WHSEC), plain(WHSEC)):
        assert verifier.check(headers, body, NOW) is not Verdict.RIGHT


def test_bytes_in_a_header_that_are_not_text_are_no_error() -> None:
    headers = standard_headers(KEY, b"{}", seconds=NOW) | {"webhook-id": b"\xff\xfe".decode("utf-8", "surrogateescape")}
    assert standard(WHSEC).check(headers, b"{}", NOW) is Verdict.WRONG


def test_a_secret_that_cannot_be_read_is_refused_at_the_start_without_telling_it() -> None:
    with pytest.raises(SecretUnreadable) as raised:
        standard("whsec_not*base64")
    assert "not*base64" not in str(raised.value)
