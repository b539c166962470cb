"""Whose an order is in the point of sale: what the cashier finds on it, and in whose history it is."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from app.clock import SystemClock
from app.magento.client import MagentoClient
from schemas.ids import Ref
from tests.contract.customers import joined, profiles, regular, shopper
from tests.contract.pipe import CHANNEL, Pipe
from tests.contract.systems import ADDRESS, PosSystem, WebSystem

GUEST = str(ADDRESS["email"])
"""The e-mail of whoever `WebSystem.place_order` is."""


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


@pytest.fixture
def generous(web: WebSystem, pos: PosSystem) -> Pipe:
    """A channel that gives each guest a profile."""
    return Pipe(web, pos, channel=CHANNEL.model_copy(update={"guests": "profile"}))


async def buyer(pipe: Pipe, order: str) -> str:
    """The profile that the exported order belongs to."""
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    document = orjson.loads(await pipe.web.connector.reader.read("order", order) or b"")
    found = await pipe.pos.orders.find_order(f"W-{document['increment_id']}")
    assert found is not None
    shown = orjson.loads(await pipe.pos.connector.reader.read("order", found.order_id) or b"")
    return str(shown["CustomerID"])


async def bought(pipe: Pipe, account: str) -> str:
    """A customer who is logged in buys a piece, by routes that Tillstream does not call; the order's id."""
    address = {key: value for key, value in ADDRESS.items() if key != "email"}
    information = {
        "shipping_address": address,
        "billing_address": address,
        "shipping_carrier_code": "flatrate",
        "shipping_method_code": "flatrate",
    }
    async with MagentoClient("web", pipe.web.settings, SystemClock()) as client:
        cart = str(orjson.loads(await client.post("shopper", account, f"/V1/customers/{account}/carts", {})))
        item = {"cartItem": {"quote_id": cart, "sku": pipe.web.sku, "qty": 1}}
        await client.post("shopper", account, f"/V1/carts/{cart}/items", item)
        shipping = {"addressInformation": information}
        await client.post("shopper", account, f"/V1/carts/{cart}/shipping-information", shipping)
        paid = {"paymentMethod": {"method": "checkmo"}}
        return str(orjson.loads(await client.put("shopper", account, f"/V1/carts/{cart}/order", paid)))


@pytest.mark.rule("orders.guest_policy")
async def test_a_guest_whom_nobody_knows_shares_a_profile(pipe: Pipe) -> None:
    assert await buyer(pipe, await pipe.web.place_order()) == "Web guest"
    assert await profiles(pipe, GUEST) == []


@pytest.mark.rule("orders.guest_by_email")
async def test_a_guest_with_the_email_of_a_profile_is_that_customer(pipe: Pipe) -> None:
    profile = await regular(pipe, GUEST.upper())
    assert await buyer(pipe, await pipe.web.place_order()) == profile
    assert len(await pipe.pos.connector.customers.purchases(profile)) == 1


@pytest.mark.rule("orders.guest_policy")
@pytest.mark.rule("orders.guest_no_account")
async def test_a_guest_gets_one_profile_of_its_own_where_the_channel_says_so_and_no_account(generous: Pipe) -> None:
    first = await buyer(generous, await generous.web.place_order())
    second = await buyer(generous, await generous.web.place_order())
    assert await profiles(generous, GUEST) == [first] == [second]
    made = await generous.pos.connector.customers.customer(first)
    assert made is not None
    assert (made.first_name, made.last_name, made.phone) == ("Ann", "Webb", "512-555-0100")
    await generous.changed("pos", "customer", first)
    assert generous.failed == []
    assert await generous.web.connector.customers.find_account(GUEST, 1) is None


async def test_a_guest_whose_email_two_profiles_have_waits_for_a_person(pipe: Pipe) -> None:
    both = [await regular(pipe, GUEST) for _ in range(2)]
    order = await pipe.web.place_order()
    await pipe.changed("web", "order", order)
    (error,) = pipe.failed
    assert all(f"pos:customer:{profile}" in error.message for profile in both)
    assert "merge them in the point of sale" in error.message
    assert "until then the order is not created" in error.message


async def test_an_order_of_an_account_is_its_profiles_whatever_its_email(pipe: Pipe) -> None:
    account, profile = await joined(pipe, "ann@example.com")
    await regular(pipe, "ann@example.com")
    assert await buyer(pipe, await bought(pipe, account)) == profile


async def test_an_order_that_comes_before_its_customer_makes_the_one_profile_that_the_customer_gets(pipe: Pipe) -> None:
    account = await shopper(pipe, "ann@example.com")
    order = await bought(pipe, account)
    profile = await buyer(pipe, order)
    await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    assert await profiles(pipe, "ann@example.com") == [profile]
    link = await pipe.store.links.find([Ref("web", "customer", account)], "pos")
    assert link[Ref("web", "customer", account)].native_id == profile


async def test_an_order_and_its_customer_at_once_make_one_profile(pipe: Pipe) -> None:
    account = await shopper(pipe, "ann@example.com")
    order = await bought(pipe, account)
    await asyncio.gather(pipe.changed("web", "order", order), pipe.changed("web", "customer", account))
    for entity, native_id in (("order", order), ("customer", account)):
        await pipe.changed("web", entity, native_id)
    assert len(await profiles(pipe, "ann@example.com")) == 1
