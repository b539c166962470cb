"""Accounts against profiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from schemas.ids import Ref
from streams.reconcile.customers import PersonSeen, compare_customers
from streams.reconcile.drift import Drift, ReadAgain
from tests.twins.clock import START

NOW = START + timedelta(hours=1)
FIELDS = {"email": "ann@example.com", "first_name": "Ann", "phone": "+12125550100", "notes": "vip"}
ACCOUNT = PersonSeen(Ref("web", "customer", "1"), "Ann@Example.com", START, FIELDS)
PROFILE = PersonSeen(Ref("pos", "customer", "10"), "ann@example.com", START, FIELDS)
LINK = {ACCOUNT.ref: PROFILE.ref}
WEB_AGAIN, POS_AGAIN = ReadAgain("web", "magento", "customer", "1"), ReadAgain("pos", "heartland", "customer", "10")


def drift(*profiles: PersonSeen, account: PersonSeen = ACCOUNT, links: dict[Ref, Ref] | None = None) -> list[Drift]:
    return list(compare_customers([account], profiles, LINK if links is None else links, NOW).drifts)


def test_customers_that_are_alike_are_no_drift() -> None:
    assert drift(PROFILE) == []


def test_a_field_that_differs_is_told_again_by_its_owner() -> None:
    (name,) = drift(replace(PROFILE, fields=FIELDS | {"first_name": "Anne"}))
    assert (name.what, name.web, name.pos, name.again) == ("first_name", "Ann", "Anne", WEB_AGAIN)
    (notes,) = drift(replace(PROFILE, fields=FIELDS | {"notes": "moved"}))
    assert (notes.what, notes.again) == ("notes", POS_AGAIN)


def test_a_field_that_one_side_does_not_keep_or_nobody_owns_is_not_compared() -> None:
    assert drift(replace(PROFILE, fields={"first_name": "Ann", "shoe_size": "9"})) == []


def test_an_account_without_a_profile_is_missing_and_one_of_the_same_address_is_not_linked() -> None:
    assert [(one.what, one.again) for one in drift(links={})] == [("missing", WEB_AGAIN)]
    assert [(one.what, one.again) for one in drift(PROFILE, links={})] == [("not linked", WEB_AGAIN)]


def test_several_profiles_of_one_address_are_for_a_person() -> None:
    (found,) = drift(PROFILE, replace(PROFILE, ref=Ref("pos", "customer", "11")), links={})
    assert (found.what, found.again) == ("ambiguous", None)
    assert found.pos == "profile 10, profile 11"


def test_a_linked_profile_that_is_gone_is_never_made_again() -> None:
    (found,) = drift()
    assert (found.what, found.again) == ("profile gone", None)


def test_who_has_just_changed_is_not_judged() -> None:
    late = replace(PROFILE, updated_at=NOW + timedelta(seconds=1), fields={"first_name": "X"})
    assert drift(late) == []
    assert compare_customers([ACCOUNT], [late], LINK, NOW).moving == 1
