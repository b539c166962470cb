"""The client and the sandbox over a real socket: signatures of awkward addresses, and every way to be refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.connections import MagentoConnection
from app.magento.client import MagentoClient
from app.magento.reader import MagentoReader
from app.sandbox.magento.server import start
from app.sandbox.server import SandboxOptions
from app.urls import encode
from streams.errors import AuthFailed
from tests.twins.clock import FakeClock

OAUTH = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


@asynccontextmanager
async def signed_in(
    directory: Path, *names: str, denied: frozenset[str] = frozenset(), wrong: Mapping[str, str] | None = None
) -> AsyncIterator[MagentoClient]:
    """A client with those of the sandbox's credentials, some of them replaced."""
    handle = await start(SandboxOptions(database=directory / "shop.db", skus=2), denied_resources=denied)
    known = {name: handle.credentials[name] for name in names or OAUTH} | dict(wrong or {})
    settings = MagentoConnection.model_validate({"base_url": f"{handle.url}/", **known})
    async with MagentoClient("web", settings, SystemClock()) as client:
        yield client
    await handle.stop()


@pytest.mark.parametrize("sku", ["P/A B", "a+b&c=d", "50% off", "Ünïcode", "a,b;c:d@e$f;", "(x)'y*[z]#?!"])
async def test_a_product_with_an_awkward_sku_is_made_and_read_with_good_signatures(tmp_path: Path, sku: str) -> None:
    product = {"sku": sku, "name": "Odd", "price": 1, "type_id": "simple", "attribute_set_id": 4}
    async with signed_in(tmp_path) as client:
        assert await client.find("look", sku, f"/V1/products/{encode(sku)}") is None
        await client.post("make", sku, "/V1/products", {"product": product})
        assert await client.find("look", sku, f"/V1/products/{encode(sku)}", [("fields", "sku,name")]) is not None


async def test_a_bearer_token_serves_where_it_is_switched_on(tmp_path: Path) -> None:
    async with signed_in(tmp_path, "bearer_token") as client:
        assert await MagentoReader(client).read("order", "1") is None


@pytest.mark.parametrize("name", OAUTH)
async def test_any_wrong_secret_is_refused_and_never_told(tmp_path: Path, name: str) -> None:
    async with signed_in(tmp_path, wrong={name: "z" * 32}) as client:
        with pytest.raises(AuthFailed) as caught:
            await MagentoReader(client).read("order", "1")
    assert caught.value.code == "credentials"
    assert "z" * 32 not in str(caught.value)


async def test_a_token_of_another_length_is_refused_as_such(tmp_path: Path) -> None:
    async with signed_in(tmp_path, wrong={"access_token": "short"}) as client:
        with pytest.raises(AuthFailed) as caught:
            await MagentoReader(client).read("order", "1")
    assert caught.value.code == "oauth"


async def test_a_missing_right_is_named(tmp_path: Path) -> None:
    async with signed_in(tmp_path, denied=frozenset({"Magento_Sales::actions_view"})) as client:
        with pytest.raises(AuthFailed, match="lacks the right Magento_Sales::actions_view") as caught:
            await MagentoReader(client).read("order", "1")
    assert caught.value.code == "missing_right"


@pytest.mark.parametrize("left_out", OAUTH)
def test_incomplete_secrets_are_refused_at_the_start(left_out: str) -> None:
    given = {name: "a" * 32 for name in OAUTH if name != left_out}
    settings = MagentoConnection.model_validate({"base_url": "https://shop.example", **given})
    with pytest.raises(ValueError, match=r"connections\.web needs consumer_key"):
        MagentoClient("web", settings, FakeClock())
