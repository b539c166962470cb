"""Accounts of the web store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.magento.customers import MagentoCustomers
from app.magento.remembered import KEPT_SECONDS
from streams.errors import Rejected
from streams.ports import AccountDraft
from tests.app.magento.magento_answers import magento, refusal, rows

ADDRESS: dict[str, Any] = {
    "id": 1,
    "region": {"region_code": "TX", "region": "Texas", "region_id": 57},
    "country_id": "US",
    "street": ["12 Oak St", "Apt 3"],
    "telephone": "512-555-0100",
    "postcode": "78701",
    "city": "Austin",
    "firstname": "Ann",
    "lastname": "Webb",
    "default_shipping": True,
}
CUSTOMER: dict[str, Any] = {
    "id": 1,
    "group_id": 1,
    "updated_at": "2026-11-23 22:18:37",
    "email": "Ann@example.com",
    "firstname": "Ann",
    "lastname": "Webb",
    "website_id": 1,
    "addresses": [ADDRESS],
    "extension_attributes": {"is_subscribed": False},
}
DRAFT = AccountDraft("ann@example.com", 1, {"firstname": "Ann", "lastname": "Webb"})
TAKEN = refusal("A customer with the same email address already exists in an associated website.")


async def test_an_account_is_found_on_its_website_whatever_the_letter_case() -> None:
    async with magento({"GET /V1/customers/search": rows(CUSTOMER, CUSTOMER | {"id": 2, "website_id": 2})}) as (web, _):
        found = await web.customers.find_account("ANN@example.com", 1)
        assert await web.customers.find_account("other@example.com", 1) is None
    assert found is not None
    assert (found.account_id, found.subscribed, found.addresses[0].region_id) == ("1", False, 57)
    assert found.updated_at == datetime(2026, 11, 23, 22, 18, 37, tzinfo=UTC)
    assert (found.addresses[0].default_shipping, found.addresses[0].default_billing) == (True, False)


@pytest.mark.rule("guards.absence_no_consent")
async def test_that_nothing_is_said_of_a_subscription_is_neither_yes_nor_no() -> None:
    async with magento({"GET /V1/customers/1": CUSTOMER | {"extension_attributes": []}}) as (web, _):
        found = await web.customers.account("1")
    assert found is not None
    assert found.subscribed is None


async def test_an_account_is_made_on_its_website() -> None:
    async with magento({"POST /V1/customers": CUSTOMER}) as (web, asked):
        assert (await web.customers.create_account(DRAFT)).account_id == "1"
    customer = {"firstname": "Ann", "lastname": "Webb", "email": "ann@example.com", "website_id": 1}
    assert asked.sent == [("POST /V1/customers", {"customer": customer})]


async def test_an_address_that_the_website_has_already_is_refused() -> None:
    async with magento({"POST /V1/customers": TAKEN}) as (web, _):
        with pytest.raises(Rejected, match="already exists"):
            await web.customers.create_account(DRAFT)


async def test_an_update_names_only_what_it_changes() -> None:
    async with magento({"PUT /V1/customers/1": CUSTOMER}) as (web, asked):
        await web.customers.update_account("1", {"firstname": "Anne"})
    assert asked.sent == [("PUT /V1/customers/1", {"customer": {"firstname": "Anne"}})]


async def test_regions_are_read_once_an_hour() -> None:
    now = [0.0]
    texas = {"id": "US", "available_regions": [{"id": "57", "code": "TX", "name": "Texas"}]}
    answers = {"GET /V1/directory/countries/US": texas, "GET /V1/directory/countries/XX": refusal("none", 404)}
    async with magento(answers) as (web, asked):
        customers = MagentoCustomers(web.client, monotonic=lambda: now[0])
        for seconds in (0.0, KEPT_SECONDS - 1):
            now[0] = seconds
            assert await customers.regions("US") == {"TX": 57}
        assert len(asked.seen) == 1
        now[0] = KEPT_SECONDS
        assert await customers.regions("US") == {"TX": 57}
        assert await customers.regions("XX") == {}
    assert len(asked.seen) == 3
