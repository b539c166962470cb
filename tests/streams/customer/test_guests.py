"""Which profile a guest's order goes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import Ref
from streams.customer.guests import GuestPolicy, NewGuest, match_guest
from streams.customer.matching import Outcome, Person

WEB_GUEST = Person(Ref("pos", "customer", "C-1"), shown="Web guest")
SHARED = GuestPolicy("pos", NewGuest.SHARED, WEB_GUEST)
OWN = GuestPolicy("pos", NewGuest.PROFILE)
MAIL = "ann@example.com"


def profile(native_id: str, email: str = MAIL, connection: str = "pos", name: str = "") -> Person:
    return Person(Ref(connection, "customer", native_id), email=email, name=name)


@pytest.mark.rule("orders.guest_by_email")
@pytest.mark.parametrize("policy", [SHARED, OWN])
def test_a_guest_is_matched_by_exact_email_whatever_the_name(policy: GuestPolicy) -> None:
    found = match_guest("100042", MAIL, [profile("C-2", name="somebody else"), profile("C-3", "x@example.com")], policy)
    assert (found.outcome, str(found.profile)) == (Outcome.LINK, "pos:customer:C-2")


@pytest.mark.rule("orders.guest_policy")
@pytest.mark.parametrize(
    ("policy", "outcome", "ref"),
    [(SHARED, Outcome.LINK, WEB_GUEST.ref), (OWN, Outcome.CREATE, None)],
)
def test_a_guest_whom_nobody_is_like_gets_what_the_policy_says(
    policy: GuestPolicy, outcome: Outcome, ref: Ref | None
) -> None:
    found = match_guest("100042", MAIL, [profile("C-2", "x@example.com")], policy)
    assert (found.outcome, found.profile) == (outcome, ref)


def test_a_guest_without_email_matches_nobody_without_one() -> None:
    assert match_guest("100042", "", [profile("C-2", "")], SHARED).profile == WEB_GUEST.ref
    review = match_guest("100042", "", [profile("C-2", "")], OWN)
    assert review.outcome is Outcome.REVIEW
    assert "order 100042" in review.why


def test_two_profiles_of_one_address_are_a_question() -> None:
    found = match_guest("100042", MAIL, [profile("C-3"), profile("C-2")], SHARED)
    assert found.outcome is Outcome.REVIEW
    assert "order 100042" in found.why
    assert "pos:customer:C-2, pos:customer:C-3" in found.why


@pytest.mark.rule("orders.guest_no_account")
@given(
    st.lists(st.builds(profile, st.sampled_from("abc"), st.sampled_from([MAIL, ""]), st.sampled_from(["web", "pos"]))),
    st.sampled_from([MAIL, "", "new@example.com"]),
    st.sampled_from([SHARED, OWN]),
)
def test_a_guest_never_gets_an_account(candidates: list[Person], email: str, policy: GuestPolicy) -> None:
    found = match_guest("100042", email, candidates, policy)
    assert found.profile is None or found.profile.connection == "pos"
    profiles = [one for one in candidates if one.ref.connection == "pos"]
    assert match_guest("100042", email, profiles, policy) == found


def test_guests_are_not_sent_to_a_shared_profile_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="name it, or let each get its own"):
        GuestPolicy("pos", NewGuest.SHARED)
    with pytest.raises(ValueError, match="is not in pos"):
        GuestPolicy("pos", NewGuest.SHARED, profile("7", connection="web"))
