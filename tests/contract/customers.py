"""A customer of both systems: what they do in the web store and at the till, and what each system tells of them."""

from __future__ import annotations

import secrets

import orjson
import pytest

from schemas.ids import Ref
from streams.ports import AccountAddress, ProfileDraft, SeenAccount, SeenAddress, SeenProfile
from tests.contract.pipe import Pipe, delivered

OAK = {
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["12 Oak St", "Apt 3"],
    "city": "Austin",
    "region_id": 57,
    "postcode": "78701",
    "country_id": "US",
    "telephone": "512-555-0100",
}
DEFAULT = {"default_billing": True, "default_shipping": True}
ELM = {"Line1": "9 Elm Street", "City": "Waco", "State": "TX", "PostalCode": "76701", "Country": "US"}


async def shopper(pipe: Pipe, email: str, **changes: object) -> str:
    """Somebody opens an account in the web store; its id."""
    customer = {"email": email, "firstname": "Ann", "lastname": "Webb", "website_id": 1, "addresses": [OAK | DEFAULT]}
    answer = await pipe.web.client.post("shopper", email, "/V1/customers", {"customer": customer | changes})
    return str(orjson.loads(answer)["id"])


async def regular(pipe: Pipe, email: str, **changes: object) -> str:
    """Somebody is entered at the till; the profile's id."""
    document = {"FirstName": "Ann", "LastName": "Webb", "Email": email, "Phone": "512-555-0100", "Addresses": []}
    draft = ProfileDraft(f"till-{secrets.token_hex(4)}", document | changes, email)
    return (await pipe.pos.connector.customers.create_customer(draft)).customer_id


async def in_web(pipe: Pipe, account: str, **changes: object) -> None:
    """The customer changes the account in the web store."""
    await pipe.web.client.put("shopper", account, f"/V1/customers/{account}", {"customer": changes})


async def at_till(pipe: Pipe, profile: str, **changes: object) -> None:
    """A cashier changes the profile."""
    await pipe.pos.client.change("PUT", "till", profile, f"/v1/customers/{profile}", changes)


async def the_account(pipe: Pipe, account: str) -> SeenAccount:
    found = await pipe.web.connector.customers.account(account)
    assert found is not None
    return found


async def the_profile(pipe: Pipe, profile: str) -> SeenProfile:
    found = await pipe.pos.connector.customers.customer(profile)
    assert found is not None
    return found


async def profiles(pipe: Pipe, email: str) -> list[str]:
    return [seen.customer_id for seen in await pipe.pos.connector.customers.customers_by_email(email)]


async def joined(pipe: Pipe, email: str) -> tuple[str, str]:
    """A customer whom both systems have; the ids there."""
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    (profile,) = await profiles(pipe, email)
    await settled(pipe, account, profile)
    return account, profile


async def settled(pipe: Pipe, account: str, profile: str, rounds: int = 3) -> None:
    """Both systems tell their customer until nothing follows from it any more, which must be soon."""
    for _ in range(rounds):
        told = await pipe.changed("web", "customer", account) + await pipe.changed("pos", "customer", profile)
        assert pipe.failed == []
        if not delivered(told):
            return
    pytest.fail(f"they still go back and forth: {[entry.message for entry in told]}")


async def linked(pipe: Pipe, account: str, profile: str) -> None:
    """A person says who is who."""
    await pipe.store.links.insert(Ref("web", "customer", account), Ref("pos", "customer@1", profile))


def streets(addresses: tuple[AccountAddress, ...] | tuple[SeenAddress, ...]) -> list[str]:
    return sorted(address.lines[0] for address in addresses)


def written(pipe: Pipe) -> tuple[int, int]:
    """Calls that changed a customer: in the web store, in the point of sale."""
    return len(pipe.web.faults.mutations("update_customer")), len(pipe.pos.faults.mutations("update_customer"))
