"""The auditor of customers can fail: whoever is lost, doubled or altered on one side, or wrong on both, is told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.demo.audit import customers
from app.demo.audit.books import Books, BothSides, WebSide
from app.demo.audit.customers import DECIDES
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import ChangedCustomer, CustomerField, Deeds, OpenedAccount, Side
from app.demo.programs import FLOWS
from streams.customer.ownership import Owner
from streams.deliver.customer_reading import ownership_of
from streams.engine import load

OAK = {
    "street": ["12 Oak Street"],
    "city": "Austin",
    "region": {"region_code": "TX"},
    "postcode": "78701",
    "country_id": "US",
    "telephone": "512-555-0100",
}
ACCOUNT = {"id": 7, "email": "ann@example.com", "firstname": "Ann", "lastname": "Webb", "addresses": [OAK]}
PLACE = {"Line1": "12 Oak Street", "City": "Austin", "State": "TX", "PostalCode": "78701", "Country": "US"}
PROFILE = {
    "CustomerID": "1001",
    "ExternalID": "web:customer:7",
    "Email": "ann@example.com",
    "FirstName": "Ann",
    "LastName": "Webb",
    "Phone": "",
    "Addresses": [PLACE],
}
GUEST: dict[str, Any] = {
    "CustomerID": "Web guest",
    "ExternalID": None,
    "Email": "",
    "FirstName": "",
    "LastName": "",
    "Addresses": [],
}
MAPLE, ELM = {**OAK, "street": ["9 Maple Street"]}, {**PLACE, "Line1": "9 Maple Street"}


class Registers:
    """Both systems' customers; in balance at first."""

    def __init__(self, magento: sqlite3.Connection, heartland: sqlite3.Connection) -> None:
        self.accounts: list[dict[str, Any]] = [ACCOUNT]
        self.profiles: list[dict[str, Any]] = [GUEST, PROFILE]
        self.deeds = Deeds()
        self.deeds.add(OpenedAccount("7", "ann@example.com", "Ann", "Webb", "12 Oak Street"))
        self.both = BothSides(Books(Path(), Path(), "web", "W-", "MAIN", {}), magento, heartland)

    def change(self, what: CustomerField, value: str, by: Side = Side.WEB, *, sure: bool = True) -> None:
        self.deeds.add(ChangedCustomer("7", by, what, value, sure=sure))

    def verdicts(self, *, buyer: str = "") -> list[str]:
        """What the auditor says; with an order of the account that the point of sale has under that customer."""
        for connection, documents in ((self.both.magento, self.accounts), (self.both.heartland, self.profiles)):
            connection.execute("CREATE TABLE customers(document TEXT)")
            rows = [(json.dumps(document),) for document in documents]
            connection.executemany("INSERT INTO customers VALUES (?)", rows)
        web = {"1": WebSide(1, "1", "", {"customer_id": 7})} if buyer else {}
        both = BothSides(self.both.books, self.both.magento, self.both.heartland, web, {"W-1": [{"CustomerID": buyer}]})
        result = EntityAudit()
        customers.check(both, self.deeds, result)
        return [finding.verdict for finding in result.findings]


@pytest.fixture
def registers() -> Iterator[Registers]:
    with closing(sqlite3.connect(":memory:")) as magento, closing(sqlite3.connect(":memory:")) as heartland:
        for connection in (magento, heartland):
            connection.row_factory = sqlite3.Row
        yield Registers(magento, heartland)


def test_a_person_who_is_told_alike_on_both_sides_is_in_balance(registers: Registers) -> None:
    assert registers.verdicts(buyer="1001") == []


@pytest.mark.parametrize("accounts", [[], [ACCOUNT]])
def test_who_is_not_there_is_lost(registers: Registers, accounts: list[dict[str, Any]]) -> None:
    registers.accounts, registers.profiles = accounts, [GUEST]
    assert registers.verdicts() == ["lost"]


@pytest.mark.parametrize("other", [{"ExternalID": None}, {"Email": "old@example.com"}, {"Email": "Ann@Example.com"}])
def test_two_profiles_of_one_account_are_doubled(registers: Registers, other: dict[str, object]) -> None:
    registers.profiles.append({**PROFILE, "CustomerID": "1002", **other})
    assert registers.verdicts() == ["doubled"]


def test_a_regular_who_opened_an_account_is_found_by_the_e_mail(registers: Registers) -> None:
    registers.profiles = [{**PROFILE, "ExternalID": None}]
    assert registers.verdicts() == []


@pytest.mark.parametrize(
    "change",
    [
        {"Email": "ann@example.org"},
        {"FirstName": "Anne"},
        {"LastName": "Weber"},
        {"Addresses": []},
        {"Addresses": [PLACE, PLACE]},
        {"Addresses": [PLACE, ELM]},
        *({"Addresses": [{**PLACE, name: "X"}]} for name in PLACE),
    ],
)
def test_a_field_that_the_sides_tell_differently_is_different(registers: Registers, change: dict[str, object]) -> None:
    registers.profiles = [{**PROFILE, **change}]
    assert registers.verdicts() == ["different"]


def test_an_order_under_somebody_else_is_different(registers: Registers) -> None:
    assert registers.verdicts(buyer="Web guest") == ["different"]


def test_a_profile_of_an_account_that_is_not_there_is_different(registers: Registers) -> None:
    registers.profiles.append(
        {**PROFILE, "CustomerID": "1002", "ExternalID": "web:customer:8", "Email": "b@example.com"}
    )
    assert registers.verdicts() == ["different"]


# -- By the deeds ----------------------------------------------------------------------------------------------------


def both_say(registers: Registers, name: str) -> None:
    registers.accounts = [{**ACCOUNT, "lastname": name}]
    registers.profiles = [{**PROFILE, "LastName": name}]


def test_a_name_that_came_back_on_both_sides_is_different(registers: Registers) -> None:
    registers.change(CustomerField.LAST_NAME, "Baker")
    assert registers.verdicts() == ["different"]


@pytest.mark.parametrize(("said", "wrong"), [("Webb", []), ("Webbe", ["different"])])
def test_a_name_that_the_till_wrote_is_taken_back(registers: Registers, said: str, wrong: list[str]) -> None:
    registers.change(CustomerField.LAST_NAME, "Webbe", Side.TILL)
    both_say(registers, said)
    assert registers.verdicts() == wrong


@pytest.mark.parametrize("by", Side)
@pytest.mark.parametrize(("moved", "wrong"), [(True, []), (False, ["different"])])
def test_an_address_that_either_side_wrote_is_there(
    registers: Registers, by: Side, moved: bool, wrong: list[str]
) -> None:
    registers.change(CustomerField.STREET, "9 Maple Street", by)
    if moved:
        registers.accounts, registers.profiles = (
            [{**ACCOUNT, "addresses": [OAK, MAPLE]}],
            [{**PROFILE, "Addresses": [ELM, PLACE]}],
        )
    assert registers.verdicts() == wrong


def test_an_address_that_is_to_be_gone_is_gone(registers: Registers) -> None:
    registers.change(CustomerField.STREET_GONE, "12 Oak Street")
    assert registers.verdicts() == ["different"]


@pytest.mark.parametrize(("said", "wrong"), [("Webb", []), ("Baker", []), ("Carter", ["different"])])
def test_of_a_change_without_an_answer_either_is_right(registers: Registers, said: str, wrong: list[str]) -> None:
    registers.change(CustomerField.LAST_NAME, "Baker", sure=False)
    both_say(registers, said)
    assert registers.verdicts() == wrong


@pytest.mark.parametrize("what", [CustomerField.STREET, CustomerField.STREET_GONE])
def test_of_an_address_without_an_answer_either_is_right(registers: Registers, what: CustomerField) -> None:
    registers.change(what, "9 Maple Street" if what is CustomerField.STREET else "12 Oak Street", sure=False)
    assert registers.verdicts() == []


def test_who_decides_is_what_the_flows_say() -> None:
    flows = load(None).flows
    fields = ownership_of([flows[name] for name in FLOWS if name.startswith("customer")]).fields
    sides = {Owner.WEB: {Side.WEB}, Owner.POS: {Side.TILL}, Owner.SHARED: set(Side)}
    names = {
        CustomerField.EMAIL: "email",
        CustomerField.LAST_NAME: "last_name",
        CustomerField.STREET: "addresses",
        CustomerField.STREET_GONE: "addresses",
    }
    assert {what: set(decides) for what, decides in DECIDES.items()} == {
        what: sides[fields[name].owner] for what, name in names.items()
    }
