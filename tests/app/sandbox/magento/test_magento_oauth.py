"""Signatures: what a running Magento takes and refuses. oauthlib signs here, so that no code of ours checks itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from oauthlib.oauth1 import Client
from oauthlib.oauth1.rfc5849 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256
from yarl import URL

from app.sandbox.magento.errors import RestError
from app.sandbox.magento.oauth import Credentials, OAuthVerifier, Signed, base_string, natural_order
from tests.app.sandbox.magento.storefront import Storefront, open_shop

Refusal = tuple[int, dict[str, Any]]


class Signer:
    """Signs and sends GET requests."""

    def __init__(self, shop: Storefront) -> None:
        self.shop = shop
        self.secrets = dict(shop.handle.credentials)

    def header(self, url: str, **options: Any) -> str:
        client = Client(
            self.secrets["consumer_key"],
            client_secret=self.secrets["consumer_secret"],
            resource_owner_key=self.secrets["access_token"],
            resource_owner_secret=self.secrets["access_token_secret"],
            **({"signature_method": SIGNATURE_HMAC_SHA256} | options),
        )
        return str(client.sign(url)[1]["Authorization"])

    async def get(self, path: str, *, signed_path: str | None = None, **options: Any) -> Refusal:
        """GET ``path``; the signature covers ``signed_path`` if that differs."""
        base = f"{self.shop.handle.url}/rest/V1"
        return await self.send(path, self.header(base + (signed_path or path), **options))

    async def send(self, path: str, header: str) -> Refusal:
        url = URL(f"{self.shop.handle.url}/rest/V1{path}", encoded=True)
        async with self.shop.session.get(url, headers={"Authorization": header}) as response:
            return response.status, await response.json()


@pytest.fixture
async def signer(tmp_path: Path) -> AsyncIterator[Signer]:
    async with open_shop(tmp_path) as shop:
        yield Signer(shop)


async def test_a_signed_call_passes(signer: Signer) -> None:
    assert (await signer.get("/products/S1"))[0] == 200


async def test_a_query_is_signed_decoded(signer: Signer) -> None:
    query = (
        "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=sku"
        "&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=a%20b%3Dc%26d%2B"
        "&fields=items%5Bsku%5D"
    )
    assert (await signer.get(f"/products?{query}"))[0] == 200


async def test_a_plus_for_a_space_breaks_the_signature(signer: Signer) -> None:
    status, body = await signer.get("/products?searchCriteria=a+b")
    assert (status, body["message"]) == (401, "The signature is invalid. Verify and try again.")


async def test_reserved_characters_of_the_path_are_signed_decoded(signer: Signer) -> None:
    await signer.shop.make_product("P/A B", 3)
    status, body = await signer.get("/products/P%2FA%20B", signed_path="/products/P/A%20B")
    assert (status, body.get("sku")) == (200, "P/A B")
    status, _ = await signer.get("/products/P%2FA%20B")
    assert status == 401


@pytest.mark.parametrize(
    ("secret", "value", "status", "message"),
    [
        ("access_token", "x" * 32, 401, "Specified token does not exist"),
        ("access_token", "short", 400, "The token length is invalid. Check the length and try again."),
        ("consumer_key", "x" * 32, 401, "A consumer having the specified key does not exist"),
        ("consumer_secret", "x" * 32, 401, "The signature is invalid. Verify and try again."),
        ("access_token_secret", "x" * 32, 401, "The signature is invalid. Verify and try again."),
    ],
)
async def test_wrong_secrets_are_refused(signer: Signer, secret: str, value: str, status: int, message: str) -> None:
    signer.secrets[secret] = value
    assert await signer.get("/products/S1") == (status, {"message": message})


async def test_a_nonce_works_once(signer: Signer) -> None:
    options = {"nonce": "abc"}
    assert (await signer.get("/products/S1", **options))[0] == 200
    expected = {"message": "The nonce is already being used by the consumer with ID %1", "parameters": ["1"]}
    assert await signer.get("/products/S2", **options) == (401, expected)


async def test_an_old_timestamp_passes_and_one_far_ahead_does_not(signer: Signer) -> None:
    assert (await signer.get("/products/S1", timestamp="1000000000"))[0] == 200
    ahead = await signer.get("/products/S1", timestamp="9999999999")
    assert ahead == (401, {"message": "An error occurred validating the nonce"})


async def test_sha1_is_no_longer_taken(signer: Signer) -> None:
    expected = {"message": "Signature method %1 is not supported", "parameters": ["HMAC-SHA1"]}
    assert await signer.get("/products/S1", signature_method=SIGNATURE_HMAC_SHA1) == (400, expected)


async def test_missing_fields_are_named(signer: Signer) -> None:
    status, body = await signer.send("/products/S1", 'OAuth oauth_consumer_key="x", oauth_token="y"')
    assert status == 400
    assert [error["parameters"]["fieldName"] for error in body["errors"]] == [
        "oauth_signature",
        "oauth_signature_method",
        "oauth_nonce",
        "oauth_timestamp",
    ]


async def test_an_unknown_bearer_token_and_none_give_the_same_answer(signer: Signer) -> None:
    expected = {
        "message": "The consumer isn't authorized to access %resources.",
        "parameters": {"resources": "Magento_Catalog::products"},
    }
    assert await signer.send("/products/S1", "Bearer nobody") == (401, expected)
    assert await signer.send("/products/S1", "") == (401, expected)


async def test_a_missing_right_gives_that_answer_too(tmp_path: Path) -> None:
    async with open_shop(tmp_path, denied_resources=frozenset({"Magento_Sales::actions_view"})) as shop:
        status, body = await Signer(shop).get("/orders/1")
    assert (status, body["parameters"]) == (401, {"resources": "Magento_Sales::actions_view"})


async def test_guest_carts_need_no_token(signer: Signer) -> None:
    async with signer.shop.session.post(f"{signer.shop.handle.url}/rest/V1/guest-carts") as response:
        assert response.status == 200
        assert len(await response.json()) == 32


def test_the_base_string_of_the_specification() -> None:
    """RFC 5849, section 3.4.1.1, without the parameters that a form body or a repeated key adds."""
    signed = Signed("post", "http://example.com", "/request", "b5=%3D%253D&a3=a&c%40=&a2=r%20b")
    oauth = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }
    assert base_string(signed, oauth) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26"
        "oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_pairs_that_do_not_split_in_two_are_not_signed() -> None:
    oauth = {"oauth_nonce": "n"}
    plain = base_string(Signed("GET", "http://x", "/", "k=v"), oauth)
    assert base_string(Signed("GET", "http://x", "/", "a=b=c&k=v&flag"), oauth) == plain
    assert base_string(Signed("GET", "http://x", "/", "k="), oauth).endswith("k%3D%26oauth_nonce%3Dn")


@pytest.mark.parametrize(
    ("one", "other", "sign"), [("a9", "a10", -1), ("a", "b", -1), ("a1", "a1", 0), ("a10", "a1", 1), ("a", "a1", -1)]
)
def test_parameters_sort_in_natural_order(one: str, other: str, sign: int) -> None:
    result = natural_order(one, other)
    assert (result > 0) - (result < 0) == sign


async def test_a_nonce_is_remembered_for_an_hour(signer: Signer) -> None:
    times = [0.0]
    verifier = OAuthVerifier(Credentials(**signer.secrets), clock=lambda: times[-1])
    signed = Signed("GET", "http://shop.example", "/rest/V1/orders", "")

    def use() -> None:
        verifier.verify(signer.header("http://shop.example/rest/V1/orders", nonce="n", timestamp="100"), signed)

    use()
    for later in (10.0, 3_600.0, 7_100.0):
        times.append(later)
        with pytest.raises(RestError, match="nonce is already being used"):
            use()
    times.append(10_800.0)
    use()
