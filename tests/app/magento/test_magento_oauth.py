"""Signatures, checked by the sandbox's verifier, which is written from the specification and from real answers."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import SystemClock
from app.magento.oauth import OAuthKeys, OAuthSigner, signed_location
from app.magento.search import Search, Where
from app.sandbox.magento.errors import RestError
from app.sandbox.magento.oauth import Credentials, OAuthVerifier, Signed
from app.urls import encode, query_string

KEYS = OAuthKeys(*(letter * 32 for letter in "abcd"))
SHOP = Credentials(KEYS.consumer_key, KEYS.consumer_secret, KEYS.access_token, KEYS.access_token_secret, "")
BASE = "https://shop.example:8443"


def verify(verifier: OAuthVerifier, method: str, url: str, header: str) -> None:
    path, _, query = url.removeprefix(BASE).partition("?")
    verifier.verify(header, Signed(method, BASE, path, query))


def signer() -> OAuthSigner:
    return OAuthSigner(KEYS, SystemClock())


@pytest.mark.parametrize(
    "sku", ["P/A B", "24-MB01", "a+b", "a=b&c", "50% off", "Ünïcode", "a,b;c:d@e$f", "(x)'y*[z]#?!\"", "~-._", "//"]
)
def test_a_sku_in_the_path_is_signed_as_magento_decodes_it(sku: str) -> None:
    url = f"{BASE}/rest/V1/products/{encode(sku)}"
    verify(OAuthVerifier(SHOP), "GET", url, signer().header("GET", url))


def test_the_path_is_sent_encoded_and_signed_half_decoded() -> None:
    assert encode("P/A B") == "P%2FA%20B"
    assert signed_location("https://X.example/V1/P%2FA%20B") == "https://x.example/V1/P/A%20B"
    decoded = signed_location("https://x:8443/%3A%40%26%3D%2B%24%2C%2F%20%25%28%23%3F%C3%9C%3B")
    assert decoded == "https://x:8443/:@&=+$,/%20%25%28%23%3F%C3%9C;"


def test_signing_the_url_as_sent_would_be_refused() -> None:
    sent = f"{BASE}/rest/V1/products/P%2FA%20B"
    naive = signer().header("GET", sent.replace("%2F", "%252F"))
    with pytest.raises(RestError, match="signature is invalid"):
        verify(OAuthVerifier(SHOP), "GET", sent, naive)


@given(sku=st.text(min_size=1), value=st.text(), fields=st.text())
def test_any_sku_and_any_value_carries_a_good_signature(sku: str, value: str, fields: str) -> None:
    try:
        (sku + value + fields).encode()
    except UnicodeEncodeError:
        return
    search = Search(
        groups=((Where("sku", "in", value), Where("name", "eq", sku)),), sort=("sku", "name"), fields=fields
    )
    url = f"{BASE}/rest/V1/products/{encode(sku)}?{query_string(search.query())}"
    verify(OAuthVerifier(SHOP), "GET", url, signer().header("GET", url))


def test_ten_conditions_are_as_many_as_can_be_signed() -> None:
    group = tuple(Where("sku", "eq", f"S{index}") for index in range(10))
    url = f"{BASE}/rest/V1/products?{query_string(Search(groups=(group,)).query())}"
    verify(OAuthVerifier(SHOP), "GET", url, signer().header("GET", url))
    with pytest.raises(ValueError, match="more than 10"):
        Search(groups=((*group, Where("sku", "eq", "S10")),)).query()


def test_every_try_has_its_own_nonce_and_the_present_time() -> None:
    headers = [signer().header("POST", f"{BASE}/rest/V1/orders") for _ in range(50)]
    found = [dict(re.findall(r'(oauth_\w+)="([^"]*)"', header)) for header in headers]
    assert len({each["oauth_nonce"] for each in found}) == 50
    assert all(abs(int(each["oauth_timestamp"]) - time.time()) < 5 for each in found)
    assert found[0]["oauth_signature_method"] == "HMAC-SHA256"
    assert unquote(found[0]["oauth_consumer_key"]) == KEYS.consumer_key


def test_secrets_stay_out_of_what_is_printed() -> None:
    assert KEYS.consumer_secret not in repr(KEYS)
    assert KEYS.access_token_secret not in repr(KEYS)
