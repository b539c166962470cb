"""A customer as the fields that two systems compare."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.canonical import Customer
from streams.customer.agreement import Agreement, settle
from streams.customer.echo import Projection, Side, Telling, Value, members
from streams.customer.ownership import CUSTOMER_FIELDS, Ownership
from streams.customer.projection import Reading, group_tables, project
from tests.schemas.golden import golden
from tests.streams.customer.fields import at

EVERYTHING = frozenset(CUSTOMER_FIELDS)
POS_GROUPS, WEB_GROUPS = group_tables({"VIP": "3", "Gold": "3", "Staff": "4"})
WEB = Reading(Side.WEB, EVERYTHING - {"phone", "notes"}, WEB_GROUPS)
POS = Reading(Side.POS, EVERYTHING, POS_GROUPS)


def projected(name: str, reading: Reading, **changes: Any) -> Projection:
    return project(Customer.model_validate(golden("customer", name, **changes)), reading)


def test_the_same_person_in_both_systems_tells_the_same() -> None:
    web, pos = projected("magento_two_addresses", WEB), projected("heartland_profile", POS)
    assert web["email"] == pos["email"]
    assert web["last_name"] == pos["last_name"]
    assert "phone" not in web


def test_what_is_sent_is_as_it_was_written() -> None:
    told = projected("heartland_profile", POS)["email"]
    assert told == Value("ann@example.com", "anything")
    assert isinstance(told, Value)
    assert told.shown == "ANN@example.com"


def test_what_a_system_does_not_say_is_left_out_and_what_it_says_is_empty_is_not() -> None:
    silent, empty = projected("last_name_only", POS), projected("consents", POS)
    assert {"loyalty_points", "notes", "group"}.isdisjoint(silent)
    assert silent["phone"] == Value("", "")
    assert (empty["notes"], empty["loyalty_points"]) == (Value("", ""), Value(0, 0))


def test_an_address_of_the_other_side_brings_neither_its_id_nor_its_defaults() -> None:
    told = members(projected("magento_two_addresses", WEB)["addresses"])
    assert len(told) == 2
    for one in told:
        assert (one.shown.native_id, one.shown.default_billing) == ("", False)  # type: ignore[attr-defined]


@pytest.mark.rule("guards.opt_out_wins")
@pytest.mark.rule("guards.absence_no_consent")
def test_consent_is_told_by_channel() -> None:
    told = projected("consents", WEB)
    given = {name: one.key for name, one in told.items() if name.startswith("consent.") and isinstance(one, Value)}
    assert given == {"consent.email": False, "consent.sms": True, "consent.phone": None, "consent.post": None}


@pytest.mark.rule("products.groups_by_table")
@pytest.mark.parametrize(
    ("pos", "web", "written"),
    [
        ("VIP", "4", "3"),
        ("Gold", "3", None),
        ("Family", "4", None),
        ("", "4", None),
        # A group that the web team keeps for itself.
        ("VIP", "9", None),
    ],
)
def test_a_group_changes_by_the_table_only(pos: str, web: str, written: str | None) -> None:
    tellings = {
        Side.WEB: Telling(projected("magento_two_addresses", WEB, group=web), at(0)),
        Side.POS: Telling(projected("heartland_profile", POS, group=pos), at(0)),
    }
    groups = Ownership({"group": CUSTOMER_FIELDS["group"]})
    writes = settle(groups, Agreement(), tellings, now=at(0) + timedelta(seconds=1)).writes
    change = writes.get(Side.WEB, {}).get("group")
    assert (change.wanted.shown if change and isinstance(change.wanted, Value) else None) == written
    assert Side.POS not in writes
