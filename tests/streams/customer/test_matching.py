"""Who is the same person, by what two customers share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import Ref
from streams.customer.matching import Account, MatchPolicy, Outcome, Person, Sharing, match, score

ANN = Person(
    Ref("web", "customer", "7"),
    email="ann@example.com",
    phone="+15125550100",
    name="ann webb",
    address="12 oak st 78701",
    shown="Ann Webb",
    website="1",
)
POLICY = MatchPolicy()
OTHER = Account(Ref("web", "customer", "8"), "1")
"""Another account on Ann's website."""


def profile(number: int = 12, **traits: Any) -> Person:
    """A profile of Ann's, with other traits."""
    return replace(ANN, **{"ref": Ref("pos", "customer", f"C-{number}"), "website": "", **traits})


def of(**traits: Any) -> Person:
    """A profile of which only these traits are known."""
    return Person(Ref("pos", "customer", "C-12"), **traits)


@pytest.mark.parametrize(
    ("candidate", "outcome"),
    [
        (profile(), Outcome.LINK),
        (of(email=ANN.email, name=ANN.name), Outcome.LINK),
        (of(email=ANN.email, phone=ANN.phone), Outcome.LINK),
        (of(email=ANN.email, address=ANN.address), Outcome.LINK),
        # A family shares an address, a phone and often an e-mail.
        (profile(name="bob webb"), Outcome.REVIEW),
        (of(email=ANN.email, name="bob reed"), Outcome.REVIEW),
        (of(phone=ANN.phone, address=ANN.address), Outcome.CREATE),
        (of(email=ANN.email), Outcome.REVIEW),
        (of(phone=ANN.phone, name=ANN.name), Outcome.REVIEW),
        (of(name=ANN.name, address=ANN.address), Outcome.REVIEW),
        (of(phone=ANN.phone, name=ANN.name, address=ANN.address), Outcome.REVIEW),
        # Who took a new e-mail address is a question, not a new customer.
        (profile(email="ann@new.example"), Outcome.REVIEW),
        (of(name=ANN.name), Outcome.CREATE),
        (of(phone=ANN.phone), Outcome.CREATE),
        (of(address=ANN.address), Outcome.CREATE),
        (of(email="eve@example.com", name="eve"), Outcome.CREATE),
    ],
)
def test_what_is_shared_decides(candidate: Person, outcome: Outcome) -> None:
    decision = match(ANN, [candidate], POLICY)
    assert decision.outcome is outcome
    assert decision.profile == (candidate.ref if outcome is Outcome.LINK else None)


def test_without_candidates_a_profile_is_made() -> None:
    assert match(ANN, [], POLICY).outcome is Outcome.CREATE


def test_nobody_can_be_made_of_nothing() -> None:
    decision = match(Person(ANN.ref, address=ANN.address), [profile()], POLICY)
    assert decision.outcome is Outcome.REJECT
    assert "web:customer:7 has neither name, e-mail nor phone" in decision.why


def test_a_person_reads_who_is_compared_and_what_differs() -> None:
    assert match(ANN, [profile(name="bob reed", shown="Bob Reed", address="")], POLICY).why == (
        "web:customer:7 (Ann Webb) may be pos:customer:C-12 (Bob Reed), 70 points: same e-mail, same phone, other "
        "name: 'Ann Webb' and 'Bob Reed'; 100 are needed to link by itself: choose one, or create a new profile"
    )


def test_a_new_profile_tells_who_was_nearest() -> None:
    assert match(ANN, [of(email="x@example.com", name=ANN.name)], POLICY).why == (
        "nobody is like web:customer:7 (Ann Webb); nearest is pos:customer:C-12, 10 points: other e-mail, same name"
    )


def test_several_that_are_the_same_go_to_a_person_unless_they_may_be_merged() -> None:
    several = [profile(13, phone=""), profile(12)]
    asked = match(ANN, several, POLICY)
    assert asked.outcome is Outcome.REVIEW
    assert "pos:customer:C-12 (Ann Webb), 160 points" in asked.why
    assert "pos:customer:C-13 (Ann Webb), 140 points" in asked.why
    merged = match(ANN, several, MatchPolicy(several=Outcome.MERGE))
    assert merged.outcome is Outcome.MERGE
    assert (str(merged.profile), [str(ref) for ref in merged.others]) == ("pos:customer:C-12", ["pos:customer:C-13"])


def test_no_profile_is_merged_that_has_another_account_there() -> None:
    decision = match(ANN, [profile(12), profile(13, linked=(OTHER,))], MatchPolicy(several=Outcome.MERGE))
    assert decision.outcome is Outcome.REVIEW


@pytest.mark.parametrize(
    ("doubtful", "count", "outcome"),
    [
        (Outcome.CREATE, 1, Outcome.CREATE),
        (Outcome.LINK, 1, Outcome.LINK),
        (Outcome.LINK, 2, Outcome.REVIEW),
        (Outcome.REVIEW, 1, Outcome.REVIEW),
    ],
)
def test_the_policy_says_what_becomes_of_a_doubt(doubtful: Outcome, count: int, outcome: Outcome) -> None:
    candidates = [replace(of(email=ANN.email), ref=Ref("pos", "customer", str(n))) for n in range(count)]
    assert match(ANN, candidates, MatchPolicy(doubtful=doubtful)).outcome is outcome


def test_a_doubt_about_a_profile_with_an_account_is_never_linked() -> None:
    taken = of(email=ANN.email, linked=(OTHER,))
    assert match(ANN, [taken], MatchPolicy(doubtful=Outcome.LINK)).outcome is Outcome.REVIEW


@pytest.mark.rule("orders.one_account_per_website")
@pytest.mark.parametrize("taken", [Outcome.REVIEW, Outcome.CREATE, Outcome.REJECT])
def test_a_profile_has_one_account_per_website(taken: Outcome) -> None:
    decision = match(ANN, [profile(linked=(OTHER,))], MatchPolicy(taken=taken))
    assert (decision.outcome, decision.profile) == (taken, None)
    assert "that profile is linked to web:customer:8 already" in decision.why


@pytest.mark.rule("orders.account_sharing")
@pytest.mark.parametrize(
    ("linked", "per_website", "shared"),
    [
        (Account(OTHER.ref, "2"), Outcome.LINK, Outcome.REVIEW),
        (OTHER, Outcome.REVIEW, Outcome.REVIEW),
        # Another Magento has its own accounts.
        (Account(Ref("outlet", "customer", "8"), "1"), Outcome.LINK, Outcome.LINK),
        # It is linked to this one already.
        (Account(ANN.ref, "1"), Outcome.LINK, Outcome.LINK),
    ],
)
def test_whether_websites_share_accounts_decides_how_many(
    linked: Account, per_website: Outcome, shared: Outcome
) -> None:
    candidates = [profile(linked=(linked,))]
    assert match(ANN, candidates, MatchPolicy(sharing=Sharing.WEBSITE)).outcome is per_website
    assert match(ANN, candidates, MatchPolicy(sharing=Sharing.GLOBAL)).outcome is shared


def test_a_profile_looks_for_its_account_by_the_same_rule() -> None:
    ours = profile(linked=(OTHER,))
    assert match(ours, [ANN], POLICY).outcome is Outcome.REVIEW
    assert match(ours, [replace(ANN, website="2")], POLICY).outcome is Outcome.LINK


@pytest.mark.parametrize(
    "wrong",
    [{"doubtful": Outcome.MERGE}, {"several": Outcome.LINK}, {"taken": Outcome.LINK}, {"review_at": 110}],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"may be|would never count"):
        MatchPolicy(**wrong)


TRAITS = {
    "email": st.sampled_from(["", ANN.email, "x@example.com"]),
    "phone": st.sampled_from(["", ANN.phone, "+1"]),
    "name": st.sampled_from(["", ANN.name, "bob"]),
    "address": st.sampled_from(["", ANN.address, "elsewhere"]),
}
ACCOUNTS = st.sampled_from([(), (OTHER,), (Account(Ref("web", "customer", "9"), "2"),)])
PROFILES = st.lists(st.builds(profile, st.integers(1, 9), linked=ACCOUNTS, **TRAITS), unique_by=lambda one: one.ref)
POLICIES = st.builds(
    MatchPolicy,
    several=st.sampled_from([Outcome.REVIEW, Outcome.MERGE]),
    doubtful=st.sampled_from([Outcome.REVIEW, Outcome.CREATE, Outcome.LINK]),
    sharing=st.sampled_from(Sharing),
)


@given(PROFILES, POLICIES, st.randoms())
def test_the_order_of_the_candidates_makes_no_difference(
    candidates: list[Person], policy: MatchPolicy, chance: Any
) -> None:
    decision = match(ANN, candidates, policy)
    chance.shuffle(candidates)
    assert match(ANN, candidates, policy) == decision


@given(PROFILES, POLICIES)
def test_nobody_is_linked_to_a_profile_that_has_another_account_there(
    candidates: list[Person], policy: MatchPolicy
) -> None:
    decision = match(ANN, candidates, policy)
    chosen = {decision.profile, *decision.others}
    for one in candidates:
        barred = one.linked and (policy.sharing is Sharing.GLOBAL or one.linked[0].website == "1")
        assert not (barred and one.ref in chosen)


@given(st.builds(profile, **TRAITS), st.sampled_from(sorted(TRAITS)))
def test_sharing_one_trait_more_never_makes_them_less_alike(candidate: Person, trait: str) -> None:
    alike = replace(candidate, **{trait: getattr(ANN, trait)})
    assert score(ANN, alike, POLICY).score >= score(ANN, candidate, POLICY).score
    assert score(ANN, candidate, POLICY).score == score(candidate, ANN, POLICY).score


@given(st.builds(profile, **TRAITS))
def test_every_trait_that_both_have_is_told(candidate: Person) -> None:
    compared = score(ANN, candidate, POLICY).reasons
    assert len(compared) == sum(bool(getattr(candidate, trait)) for trait in TRAITS)
