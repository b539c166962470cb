"""The contract of `streams.ports.PosCustomers`, and what Heartland itself does not do about it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import OutcomeUnknown, Rejected
from streams.ports import PosCustomers, ProfileDraft, SeenAddress
from tests.contract.systems import LATE, PosSystem, failures


@pytest.fixture
def customers(pos: PosSystem) -> PosCustomers:
    return pos.connector.customers


def draft(**changes: object) -> ProfileDraft:
    """A customer whom nobody knows."""
    word = secrets.token_hex(6)
    external_id, email = f"web:customer:{word}", f"ann.{word}@example.com"
    document: dict[str, object] = {
        "ExternalID": external_id,
        "FirstName": "Ann",
        "LastName": "Webb",
        "Email": email,
        "Phone": "+15125550100",
        "Addresses": [
            {"Line1": "12 Oak St", "Line2": "Apt 3", "City": "Austin", "State": "TX", "PostalCode": "78701"},
            {"City": "Waco", "Country": "US"},
        ],
    }
    return ProfileDraft(external_id, document | changes, email)


async def test_a_created_profile_is_found_by_id_external_id_and_email(customers: PosCustomers) -> None:
    drafted = draft()
    assert await customers.find_customer(drafted.external_id) is None
    assert await customers.customers_by_email(drafted.email) == ()
    created = await customers.create_customer(drafted)
    assert await customers.customer(created.customer_id) == created
    assert await customers.find_customer(drafted.external_id) == created
    assert await customers.customers_by_email(drafted.email.upper()) == (created,)
    assert (created.external_id, created.email, created.phone) == (drafted.external_id, drafted.email, "+15125550100")
    assert (created.first_name, created.last_name) == ("Ann", "Webb")
    assert created.addresses == (
        SeenAddress(("12 Oak St", "Apt 3"), "Austin", "TX", "78701", ""),
        SeenAddress((), "Waco", "", "", "US"),
    )


async def test_who_is_not_there_is_none(customers: PosCustomers) -> None:
    assert await customers.customer("nobody at all") is None
    assert await customers.customers_by_email("") == ()
    assert await customers.purchases("nobody at all") == ()


async def test_another_external_id_is_not_found_by_its_beginning_or_in_other_case(customers: PosCustomers) -> None:
    created = await customers.create_customer(draft())
    assert await customers.find_customer(created.external_id[:-1]) is None
    assert await customers.find_customer(created.external_id.upper()) is None


async def test_everyone_who_shares_an_address_is_found(customers: PosCustomers) -> None:
    email = f"family.{secrets.token_hex(6)}@example.com"
    created = [await customers.create_customer(draft(Email=email)) for _ in range(3)]
    assert await customers.customers_by_email(email) == tuple(created)


async def test_heartland_makes_a_second_profile_of_the_same_external_id_and_finding_them_is_a_collision(
    customers: PosCustomers,
) -> None:
    drafted = draft()
    first, second = await customers.create_customer(drafted), await customers.create_customer(drafted)
    with pytest.raises(Rejected, match=f"pos has 2 customers called {drafted.external_id}") as caught:
        await customers.find_customer(drafted.external_id)
    assert caught.value.code == "collision"
    assert first.customer_id in str(caught.value)
    assert second.customer_id in str(caught.value)


async def test_an_update_sets_what_it_names_and_the_addresses_as_a_whole(customers: PosCustomers) -> None:
    created = await customers.create_customer(draft())
    moved = {"Phone": "+15125550199", "Addresses": [{"Line1": "9 Elm St", "City": "Waco"}]}
    updated = await customers.update_customer(created.customer_id, moved)
    expected = replace(
        created,
        phone="+15125550199",
        addresses=(SeenAddress(("9 Elm St",), "Waco", "", "", ""),),
        updated_at=updated.updated_at,
    )
    assert updated == expected
    assert await customers.update_customer(created.customer_id, moved) == updated
    assert await customers.customer(created.customer_id) == updated


async def test_a_profile_that_is_not_there_is_not_updated(customers: PosCustomers) -> None:
    with pytest.raises(Rejected) as caught:
        await customers.update_customer("nobody at all", {"Phone": "1"})
    assert caught.value.code == "not_found"


async def test_the_purchase_history_has_every_order_of_the_customer_and_no_other(
    pos: PosSystem, customers: PosCustomers
) -> None:
    created = await customers.create_customer(draft())
    bought = [await pos.orders.create_order(pos.draft(CustomerID=created.customer_id)) for _ in range(2)]
    await pos.orders.create_order(pos.draft())
    cancelled = await pos.orders.cancel_order(bought[1].order_id)
    assert await customers.purchases(created.customer_id) == (bought[0], cancelled)


@pytest.mark.parametrize("rule", [Rule(Fault.ERROR_AFTER), Rule(Fault.RESET_AFTER), LATE])
async def test_a_profile_whose_answer_was_lost_is_unknown_sent_once_and_found_once(
    pos: PosSystem, customers: PosCustomers, rule: Rule
) -> None:
    drafted = draft()
    pos.faults.put(replace(rule, every=1, operation="create_customer"))
    async with pos.in_a_hurry() as hurried:
        with pytest.raises(OutcomeUnknown, match=f"pos: create_customer for customer {drafted.external_id}"):
            await hurried.customers.create_customer(drafted)
    assert await pos.faults.done("create_customer", 1) == [201]
    found = await customers.find_customer(drafted.external_id)
    assert found is not None
    assert found.email == drafted.email


async def test_a_profile_that_failed_is_unknown_and_not_there(pos: PosSystem, customers: PosCustomers) -> None:
    drafted = draft()
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="create_customer"))
    with pytest.raises(OutcomeUnknown):
        await customers.create_customer(drafted)
    assert pos.faults.mutations("create_customer") == []
    assert await customers.find_customer(drafted.external_id) is None


async def test_a_read_that_fails_never_looks_like_nobody(pos: PosSystem, customers: PosCustomers) -> None:
    created = await customers.create_customer(draft())
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, method="GET"))
    failed = await failures(
        customers.customer(created.customer_id),
        customers.find_customer(created.external_id),
        customers.customers_by_email(created.email),
        customers.purchases(created.customer_id),
    )
    assert failed == ["Transient http_500"] * 4


async def test_changed_profiles_are_listed_oldest_change_first(pos: PosSystem, customers: PosCustomers) -> None:
    first, second = await customers.create_customer(draft()), await customers.create_customer(draft())
    first = await customers.update_customer(first.customer_id, {"Phone": "1"})
    listing = await pos.connector.customers.list_customers(second.updated_at, page_size=2)
    assert [row["CustomerID"] for row in listing.rows] == [second.customer_id, first.customer_id]
    later = await pos.connector.customers.list_customers(first.updated_at + timedelta(days=1))
    assert (later.rows, later.total_count) == ((), 0)
