"""What a profile's addresses are, where they say less than the web store wants."""

from __future__ import annotations

from typing import Any

import pytest

from streams.customer.profile import pos_addresses
from streams.customer.regions import web_region_id

ANN = {"FirstName": "Ann", "LastName": "Webb", "Phone": "512-555-0100"}


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ({"Line1": "12 Oak St"}, {"FirstName": "Ann", "LastName": "Webb", "Phone": "512-555-0100"}),
        ({"FirstName": "Bo"}, {"FirstName": "Bo", "Phone": "512-555-0100"}),
        ({"LastName": "Reed", "Phone": "1"}, {"LastName": "Reed", "Phone": "1"}),
        ({"FirstName": "", "LastName": ""}, {"FirstName": "Ann", "LastName": "Webb", "Phone": "512-555-0100"}),
    ],
)
def test_an_address_that_names_nobody_is_the_profiles_own(address: dict[str, str], whole: dict[str, str]) -> None:
    assert pos_addresses({**ANN, "Addresses": [address]}) == [address | whole]


@pytest.mark.parametrize("profile", [{}, {"Addresses": None}, {"Addresses": []}])
def test_a_profile_may_have_none(profile: dict[str, Any]) -> None:
    assert pos_addresses(profile) == []


@pytest.mark.parametrize("addresses", ["12 Oak St", ["12 Oak St"], {"Line1": "12 Oak St"}])
def test_what_is_no_list_of_addresses_is_refused(addresses: object) -> None:
    with pytest.raises(TypeError, match="a list of objects"):
        pos_addresses({"Addresses": addresses})


@pytest.mark.parametrize(
    ("country", "region", "found"),
    [("US", "TX", 57), ("US", "tx", 57), ("US", "ZZ", None), ("GB", "TX", None), (None, None, None), ("US", "", None)],
)
def test_a_region_is_named_by_its_id_where_its_country_has_it(
    country: str | None, region: str | None, found: int | None
) -> None:
    assert web_region_id({"regions": {"US": {"TX": 57}, "GB": {}}}, country, region) == found
    assert web_region_id({}, country, region) is None
