"""The contract of `streams.ports.WebCustomers`."""

from __future__ import annotations

import secrets

import pytest

from streams.errors import Rejected
from streams.ports import AccountDraft, SeenAccount, WebCustomers
from tests.contract.systems import WebSystem

WEBSITE = 1
ADDRESS = {
    "firstname": "Ann",
    "lastname": "Webb",
    "street": ["12 Oak St"],
    "city": "Austin",
    "postcode": "78701",
    "country_id": "US",
    "region": {"region_id": 57, "region": "Texas", "region_code": "TX"},
    "telephone": "512-555-0100",
    "default_billing": True,
    "default_shipping": True,
}


@pytest.fixture
def customers(web: WebSystem) -> WebCustomers:
    return web.connector.customers


@pytest.fixture
async def account(customers: WebCustomers) -> SeenAccount:
    email = f"contract-{secrets.token_hex(4)}@example.com"
    document = {"firstname": "Ann", "lastname": "Webb", "addresses": [ADDRESS]}
    return await customers.create_account(AccountDraft(email, WEBSITE, document))


async def test_an_account_is_found_by_id_and_by_its_address_in_any_letter_case(
    customers: WebCustomers, account: SeenAccount
) -> None:
    assert await customers.account(account.account_id) == account
    assert await customers.find_account(account.email.upper(), WEBSITE) == account
    assert await customers.find_account(account.email, 99) is None
    assert await customers.account("999999999") is None


async def test_a_second_account_of_an_address_is_rejected(customers: WebCustomers, account: SeenAccount) -> None:
    draft = AccountDraft(account.email.upper(), WEBSITE, {"firstname": "Eve", "lastname": "Webb"})
    with pytest.raises(Rejected):
        await customers.create_account(draft)


async def test_an_update_keeps_what_it_does_not_name(customers: WebCustomers, account: SeenAccount) -> None:
    for _ in range(2):
        after = await customers.update_account(account.account_id, {"firstname": "Anne"})
    assert (after.first_name, after.last_name, after.addresses) == ("Anne", "Webb", account.addresses)


async def test_addresses_are_the_whole_list_and_keep_their_default(
    customers: WebCustomers, account: SeenAccount
) -> None:
    (old,) = account.addresses
    kept, added = {**ADDRESS, "id": int(old.address_id)}, {**ADDRESS, "city": "Waco"}
    added.pop("default_billing")
    added.pop("default_shipping")
    after = await customers.update_account(account.account_id, {"addresses": [kept, added]})
    assert [address.city for address in after.addresses] == ["Austin", "Waco"]
    assert after.addresses[0] == old
    with pytest.raises(Rejected):
        await customers.update_account(account.account_id, {"addresses": [added]})
