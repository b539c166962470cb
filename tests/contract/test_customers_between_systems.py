"""Customers, from one system into the other and back, through the whole connectors: one person, told alike by both."""

from __future__ import annotations

from typing import Any, cast

import pytest

from app.sandbox.faults import Fault, Rule
from schemas.ids import MissingLink, Ref
from streams.errors import Doubtful
from streams.launch import observed
from streams.ports import Outcome, SeenAddress
from tests.contract.customers import (
    DEFAULT,
    ELM,
    OAK,
    at_till,
    in_web,
    joined,
    linked,
    profiles,
    regular,
    settled,
    shopper,
    streets,
    the_account,
    the_profile,
    written,
)
from tests.contract.pipe import Pipe
from tests.contract.systems import PosSystem, WebSystem
from tests.twins.store import MemoryLinks


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem) -> Pipe:
    return Pipe(web, pos)


# -- New customers -----------------------------------------------------------------------------------------------


async def test_a_new_web_customer_becomes_one_profile(pipe: Pipe, email: str) -> None:
    account = await shopper(pipe, email)
    for _ in range(2):
        await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    (profile,) = await profiles(pipe, email)
    made = await the_profile(pipe, profile)
    assert (made.external_id, made.first_name, made.last_name) == (f"web:customer:{account}", "Ann", "Webb")
    assert (made.email, made.phone) == (email, "512-555-0100")
    assert made.addresses == (SeenAddress(("12 Oak St", "Apt 3"), "Austin", "TX", "78701", "US"),)


async def test_a_profile_that_was_made_is_no_news_to_the_web_store(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    before = written(pipe)
    for _ in range(2):
        told = await pipe.changed("pos", "customer", profile)
        assert [entry.outcome for entry in told][-1] is Outcome.UNCHANGED
        await pipe.changed("web", "customer", account)
    assert written(pipe) == before


@pytest.mark.rule("guards.no_accounts_by_default")
async def test_no_account_is_made_of_a_profile(pipe: Pipe, email: str) -> None:
    profile = await regular(pipe, email)
    (*_, entry) = await pipe.changed("pos", "customer", profile)
    assert entry.outcome is Outcome.FILTERED
    assert "makes none of profiles" in entry.message
    assert await pipe.web.connector.customers.find_account(email, 1) is None


# -- Who is the same ---------------------------------------------------------------------------------------------


async def test_a_duplicate_by_email_is_linked_and_not_created(pipe: Pipe, email: str) -> None:
    profile = await regular(pipe, email.lower())
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    assert await profiles(pipe, email) == [profile]
    assert streets((await the_profile(pipe, profile)).addresses) == ["12 Oak St"]
    await settled(pipe, account, profile)


async def test_a_profile_that_changes_first_is_linked_to_its_account_too(pipe: Pipe, email: str) -> None:
    account = await shopper(pipe, email)
    profile = await regular(pipe, email, Addresses=[ELM])
    await pipe.changed("pos", "customer", profile)
    assert pipe.failed == []
    assert streets((await the_account(pipe, account)).addresses) == ["12 Oak St", "9 Elm Street"]
    await settled(pipe, account, profile)
    assert await profiles(pipe, email) == [profile]


async def test_a_doubtful_match_waits_for_a_person_and_says_what_to_do(pipe: Pipe, email: str) -> None:
    profile = await regular(pipe, email, FirstName="Bo", LastName="Reed", Phone="")
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    (error,) = pipe.failed
    assert isinstance(error, Doubtful)
    assert f"pos:customer:{profile} (Bo Reed)" in error.message
    assert "other name" in error.message
    assert f"tillstream link-customer {account} {profile} --channel main" in error.message
    assert "make a profile in pos and link that one" in error.message
    assert await profiles(pipe, email) == [profile]
    assert (await the_profile(pipe, profile)).first_name == "Bo"


async def test_before_the_launch_nobody_is_asked_about_a_doubtful_match(pipe: Pipe, email: str) -> None:
    pipe.cutovers.rows.clear()
    await regular(pipe, email, FirstName="Bo", LastName="Reed", Phone="")
    told = await pipe.changed("web", "customer", await shopper(pipe, email))
    assert pipe.failed == []
    assert told[-1].outcome is Outcome.FILTERED
    assert observed.is_refused(told[-1].message)
    assert "other name" in told[-1].message


async def test_a_profile_that_may_be_an_account_waits_for_the_same_link(pipe: Pipe, email: str) -> None:
    account = await shopper(pipe, email)
    profile = await regular(pipe, email, FirstName="Bo", LastName="Reed", Phone="")
    await pipe.changed("pos", "customer", profile)
    (error,) = pipe.failed
    assert isinstance(error, Doubtful)
    assert f"tillstream link-customer {account} {profile} --channel main" in error.message
    await linked(pipe, account, profile)
    assert cast("MemoryLinks", pipe.store.links).has(error.waits_for)


async def test_whom_a_person_linked_is_the_same_whatever_the_names_say(pipe: Pipe, email: str) -> None:
    profile = await regular(pipe, email, FirstName="Bo", LastName="Reed")
    account = await shopper(pipe, email)
    await pipe.changed("web", "customer", account)
    error = cast(Doubtful, pipe.failed.pop())
    assert error.waits_for == MissingLink(Ref("web", "customer", account), "pos")
    await linked(pipe, account, profile)
    await settled(pipe, account, profile)
    assert (await the_profile(pipe, profile)).first_name == "Ann"


async def test_a_profile_of_that_name_with_another_email_is_a_collision(pipe: Pipe, email: str) -> None:
    account = await shopper(pipe, email)
    await regular(pipe, "other@example.com", ExternalID=f"web:customer:{account}")
    await pipe.changed("web", "customer", account)
    (error,) = pipe.failed
    assert "has another e-mail" in error.message
    assert await profiles(pipe, email) == []


# -- Kept alike --------------------------------------------------------------------------------------------------


async def test_an_address_of_the_till_comes_back_and_the_others_stay(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    await in_web(pipe, account, addresses=[OAK | DEFAULT, OAK | {"street": ["1 Pine Rd"]}])
    await pipe.changed("web", "customer", account)
    shown = (await the_profile(pipe, profile)).document["Addresses"]
    await at_till(pipe, profile, Addresses=[*cast(list[Any], shown), ELM])
    await pipe.changed("pos", "customer", profile)
    assert pipe.failed == []
    after = await the_account(pipe, account)
    assert streets(after.addresses) == ["1 Pine Rd", "12 Oak St", "9 Elm Street"]
    elm = next(address for address in after.addresses if address.lines == ("9 Elm Street",))
    assert (elm.first_name, elm.last_name, elm.phone, elm.region_id) == ("Ann", "Webb", "512-555-0100", 57)
    (oak,) = (address for address in after.addresses if address.default_billing)
    assert (oak.lines, oak.default_shipping) == (("12 Oak St", "Apt 3"), True)
    await settled(pipe, account, profile)
    assert streets((await the_profile(pipe, profile)).addresses) == ["1 Pine Rd", "12 Oak St", "9 Elm Street"]


async def test_an_address_that_one_side_removes_goes_on_the_other(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    shown = cast(list[Any], (await the_profile(pipe, profile)).document["Addresses"])
    await at_till(pipe, profile, Addresses=[*shown, ELM])
    await pipe.changed("pos", "customer", profile)
    await settled(pipe, account, profile)
    await at_till(pipe, profile, Addresses=shown)
    await pipe.changed("pos", "customer", profile)
    assert streets((await the_account(pipe, account)).addresses) == ["12 Oak St"]
    await settled(pipe, account, profile)


async def test_what_nobody_maps_of_an_address_stays_when_the_list_is_written(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    shown = cast(list[Any], (await the_profile(pipe, profile)).document["Addresses"])
    await at_till(pipe, profile, Addresses=[{**shown[0], "Email": "home@example.com"}])
    await in_web(pipe, account, addresses=[OAK | DEFAULT, OAK | {"street": ["1 Pine Rd"]}])
    await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    after = cast(list[Any], (await the_profile(pipe, profile)).document["Addresses"])
    assert [(one["Line1"], one.get("Email")) for one in after] == [
        ("12 Oak St", "home@example.com"),
        ("1 Pine Rd", None),
    ]


async def test_an_address_that_the_web_store_would_refuse_is_told_and_harms_nothing(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    await at_till(pipe, profile, Addresses=[{"Line1": "9 Elm Street"}])
    told = await pipe.changed("pos", "customer", profile)
    assert pipe.failed == []
    assert "1 address was left out, as Magento wants" in told[-1].message
    await settled(pipe, account, profile)


@pytest.mark.parametrize("first", ["web", "pos"])
async def test_a_customer_edited_on_both_sides_converges_and_never_loops(pipe: Pipe, email: str, first: str) -> None:
    account, profile = await joined(pipe, email)
    await in_web(pipe, account, lastname="Reed", addresses=[OAK | DEFAULT, OAK | {"street": ["1 Pine Rd"]}])
    shown = cast(list[Any], (await the_profile(pipe, profile)).document["Addresses"])
    await at_till(pipe, profile, LastName="Cole", Phone="512-555-0199", Addresses=[*shown, ELM])
    native = {"web": account, "pos": profile}
    other = "pos" if first == "web" else "web"
    await pipe.changed(first, "customer", native[first])
    await pipe.changed(other, "customer", native[other])
    await settled(pipe, account, profile)
    web, pos = await the_account(pipe, account), await the_profile(pipe, profile)
    assert (web.last_name, pos.last_name) == ("Reed", "Reed")
    assert streets(web.addresses) == streets(pos.addresses) == ["1 Pine Rd", "12 Oak St", "9 Elm Street"]
    assert pos.phone == "512-555-0199"
    before = written(pipe)
    await settled(pipe, account, profile, rounds=1)
    assert written(pipe) == before


async def test_what_the_till_does_not_own_is_put_back_there_and_nowhere_else(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    before = written(pipe)
    await at_till(pipe, profile, FirstName="Anna")
    told = await pipe.changed("pos", "customer", profile)
    assert pipe.failed == []
    assert (await the_profile(pipe, profile)).first_name == "Ann"
    assert any("web owns it" in entry.message for entry in told)
    assert written(pipe) == (before[0], before[1] + 2)  # the cashier's and ours
    await settled(pipe, account, profile)


@pytest.mark.rule("products.email_matches_only")
async def test_a_customer_with_a_new_email_is_the_same_customer(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    await in_web(pipe, account, email=f"new-{email}")
    told = await pipe.changed("web", "customer", account)
    assert pipe.failed == []
    assert {entry.aggregate for entry in told} == {f"web:customer:{account}"}
    assert (await the_profile(pipe, profile)).email == f"new-{email}"
    assert await profiles(pipe, email) == []


async def test_both_systems_tell_a_customer_under_one_key(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    told = await pipe.changed("pos", "customer", profile)
    assert {entry.aggregate for entry in told if entry.stage == "deliver"} == {f"web:customer:{account}"}


async def test_the_account_of_a_deleted_profile_is_for_a_person(pipe: Pipe, email: str) -> None:
    account = await shopper(pipe, email)
    await linked(pipe, account, "9999999")
    await pipe.changed("web", "customer", account)
    (error,) = pipe.failed
    assert "does not have any more" in error.message


# -- Mail and consent --------------------------------------------------------------------------------------------


@pytest.mark.rule("guards.pos_flag_no_subscription")
@pytest.mark.rule("guards.absence_no_consent")
async def test_nobody_is_subscribed_or_unsubscribed_by_what_the_till_changes(pipe: Pipe, email: str) -> None:
    account = await shopper(pipe, email, extension_attributes={"is_subscribed": True})
    await pipe.changed("web", "customer", account)
    (profile,) = await profiles(pipe, email)
    await at_till(pipe, profile, Addresses=[ELM])
    await pipe.changed("pos", "customer", profile)
    assert pipe.failed == []
    assert (await the_account(pipe, account)).subscribed is True


async def test_nobody_gets_a_mail_because_of_us(pipe: Pipe, email: str) -> None:
    account, profile = await joined(pipe, email)
    before = pipe.web.faults.mails()
    await at_till(pipe, profile, Addresses=[ELM], LastName="Reed")
    await pipe.changed("pos", "customer", profile)
    await in_web(pipe, account, firstname="Anna")
    await pipe.changed("web", "customer", account)
    await settled(pipe, account, profile)
    assert pipe.web.faults.mails() == before


# -- No answer ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.ERROR_AFTER, Fault.RESET_AFTER, Fault.ERROR_BEFORE])
async def test_a_profile_whose_making_got_no_answer_is_found_and_not_made_twice(
    pipe: Pipe, email: str, fault: Fault
) -> None:
    account = await shopper(pipe, email)
    pipe.pos.faults.put(Rule(fault, every=1, operation="create_customer"))
    await pipe.changed("web", "customer", account)
    assert len(pipe.failed) == 1
    pipe.failed.clear()
    pipe.pos.faults.put()
    await pipe.changed("web", "customer", account)
    if fault is not Fault.ERROR_BEFORE:  # an error that proves nothing waits until a look that finds nothing counts
        assert pipe.failed == []
        assert len(await profiles(pipe, email)) == 1
    assert len(await profiles(pipe, email)) <= 1
