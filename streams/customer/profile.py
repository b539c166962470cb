"""A profile of the point of sale, which writes down less than an account: its addresses often name nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PERSON = ("FirstName", "LastName")


def pos_addresses(profile: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A profile's addresses as Heartland tells them. One that names nobody is the profile's own, and one without a
    phone has the profile's: so it is when it comes back from the web store, which keeps neither without.

    Raises:
        TypeError: its addresses are no list of objects.
    """
    addresses = profile.get("Addresses") or []
    if not isinstance(addresses, list) or not all(isinstance(address, Mapping) for address in addresses):
        raise TypeError("the addresses of a profile are a list of objects")
    return [_whole(address, profile) for address in addresses]


def _whole(address: Mapping[str, Any], profile: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(address)
    if not any(address.get(key) for key in PERSON):
        whole |= {key: profile.get(key) for key in PERSON}
    if not address.get("Phone"):
        whole["Phone"] = profile.get("Phone")
    return whole
