"""What of a customer is compared, who owns it, and what makes two of them one, as the flows say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.canonical import Address
from schemas.documents import FlowDocument
from schemas.documents.matching import Matching, TraitWeight
from streams.customer.matching import MatchPolicy, Outcome, Sharing, Weight
from streams.customer.ownership import FieldRule, Kind, Owner
from streams.deliver.customer_reading import address_meaning, ownership_of, policy_of
from streams.engine import load

HOME = Address(first_name="Ann", last_name="Webb", lines=("12 Main St.", "Apt 3"), city="Austin", postcode="78701")


def flows(to_pos: tuple[str, ...], to_web: tuple[str, ...]) -> list[FlowDocument]:
    """The built-in ones, owning other fields."""
    found = dict(load().flows)
    for name, owns in (("customer_to_pos", to_pos), ("customer_to_web", to_web)):
        deliver = found[name].deliver.model_copy(update={"owns": owns})
        found[name] = found[name].model_copy(update={"deliver": deliver})
    return list(found.values())


def test_a_field_that_both_flows_own_is_shared() -> None:
    owned = ownership_of(flows(("email", "addresses"), ("addresses", "last_name"))).fields
    assert owned == {
        "email": FieldRule(Owner.WEB),
        "addresses": FieldRule(Owner.SHARED, Kind.SET),
        "last_name": FieldRule(Owner.POS),
    }


@pytest.mark.parametrize("name", ["phone", "group", "consent.email", "loyalty_points"])
def test_a_field_that_one_side_does_not_keep_is_nobodys_to_change(name: str) -> None:
    assert name not in ownership_of(flows((name,), (name,))).fields


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"lines": ("12 MAIN STREET", "APT 3")}, True),
        ({"lines": ("12 Main St, Apt #3",)}, True),
        ({"region": "TX"}, True),
        ({"first_name": "", "last_name": "", "phone": "512-555-0100"}, True),
        ({"lines": ("14 Main St", "Apt 3")}, False),
        ({"city": "Waco"}, False),
        ({"postcode": "76701"}, False),
    ],
)
def test_an_address_is_its_place(changes: dict[str, object], same: bool) -> None:
    assert (address_meaning(HOME.model_copy(update=changes)) == address_meaning(HOME)) is same


def test_an_address_without_a_street_is_told_apart_by_the_rest() -> None:
    waco, austin = Address(city="Waco", first_name="Ann"), Address(city="Austin")
    assert address_meaning(waco) != address_meaning(austin)
    assert address_meaning(waco) == address_meaning(waco.model_copy(update={"first_name": "Bo"}))


def test_what_a_flow_does_not_say_about_matching_is_as_it_comes() -> None:
    assert policy_of(None) == policy_of(Matching()) == MatchPolicy()
    said = Matching(
        phone=TraitWeight(same=60, other=-5), review_at=40, doubtful="create", several="merge", sharing="global"
    )
    assert policy_of(said) == replace(
        MatchPolicy(),
        phone=Weight(60, -5),
        review_at=40,
        doubtful=Outcome.CREATE,
        several=Outcome.MERGE,
        sharing=Sharing.GLOBAL,
    )
