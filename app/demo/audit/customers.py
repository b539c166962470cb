"""Customers: each account is one person at the till, who is called the same and lives in the same places on both sides.

Two systems that agree may both be wrong, so what they agree on is held to what was done, by the demo's rules of who
decides what: the flows' ``owns``.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.demo.audit.books import BothSides, Document
from app.demo.audit.findings import EntityAudit
from app.demo.deeds import ChangedCustomer, CustomerField, Deeds, OpenedAccount, Side

DECIDES: Mapping[CustomerField, frozenset[Side]] = {
    CustomerField.EMAIL: frozenset({Side.WEB}),
    CustomerField.LAST_NAME: frozenset({Side.WEB}),
    CustomerField.STREET: frozenset(Side),
    CustomerField.STREET_GONE: frozenset(Side),
}
"""Whose change of it counts; another's is taken back."""
FIELDS = {"Email": "email", "FirstName": "firstname", "LastName": "lastname"}
"""In the point of sale's words and the web store's. Phones are left out: the web store keeps them in addresses only."""

Place = tuple[str, ...]
"""Street, city, state, postcode, country. Who receives there is left out: a till does not write it down."""


@dataclass(slots=True)
class Expected:
    """What a customer is to be, by the deeds. Of a change whose answer nobody saw, either is right.

    Attributes:
        texts: for each field, what it may say.
        streets: that must be there.
        perhaps: that may be there besides.
    """

    texts: dict[CustomerField, set[str]]
    streets: set[str]
    perhaps: set[str] = field(default_factory=set)

    @classmethod
    def at_first(cls, opened: OpenedAccount) -> Expected:
        """What it was when the account was opened."""
        texts = {CustomerField.EMAIL: {opened.email}, CustomerField.LAST_NAME: {opened.last_name}}
        return cls(texts, {opened.street})

    def change(self, change: ChangedCustomer) -> None:
        """One more change."""
        if change.by not in DECIDES[change.what]:
            return
        if change.what in self.texts:
            self.texts[change.what] = {change.value} | (set() if change.sure else self.texts[change.what])
            return
        left = self.streets - {change.value}
        if not change.sure:
            self.perhaps.add(change.value)
            self.streets = left
        else:
            self.perhaps.discard(change.value)
            self.streets = left if change.what is CustomerField.STREET_GONE else left | {change.value}


def check(both: BothSides, deeds: Deeds, result: EntityAudit) -> None:
    """Compare every account with its profile, and with what the shop did."""
    result.did = len(deeds.accounts) + len(deeds.customers)
    accounts = {str(document["id"]): document for document in _documents(both.magento)}
    profiles = _documents(both.heartland)
    for number in deeds.accounts.keys() - accounts.keys():
        result.add("lost", number, "the account is gone from the web store")
    expected, orders = _expected(deeds), _buyers(both)
    for number, account in accounts.items():
        found = _profiles_of(both, account, profiles)
        if not found:
            result.add("lost", account["email"], "has no profile in the point of sale")
            continue
        if len(found) > 1:
            ids = ", ".join(profile["CustomerID"] for profile in found)
            result.add("doubled", account["email"], f"has {len(found)} profiles: {ids}")
        result.compared += 1
        for detail in (*_differences(account, found[0]), *_not_as_done(account, expected.get(number))):
            result.add("different", account["email"], detail)
        for order, buyer in orders[number]:
            if buyer != found[0]["CustomerID"]:
                result.add("different", account["email"], f"order {order} is that of customer {buyer}")
    _check_strangers(both, accounts, profiles, result)


def _documents(system: sqlite3.Connection) -> list[Document]:
    return [json.loads(row["document"]) for row in system.execute("SELECT document FROM customers")]


def _expected(deeds: Deeds) -> dict[str, Expected]:
    found = {account: Expected.at_first(opened) for account, opened in deeds.accounts.items()}
    for change in deeds.customers:
        found[change.account].change(change)
    return found


def _profiles_of(both: BothSides, account: Document, profiles: Sequence[Document]) -> list[Document]:
    """Those that were made for the account, or that have its e-mail."""
    name, email = _name(both, account["id"]), account["email"].casefold()
    return [profile for profile in profiles if profile["ExternalID"] == name or profile["Email"].casefold() == email]


def _name(both: BothSides, account: object) -> str:
    """By which a profile says that it was made for an account."""
    return f"{both.books.web}:customer:{account}"


def _differences(account: Document, profile: Document) -> Iterator[str]:
    for there, here in FIELDS.items():
        if profile[there] != account[here]:
            yield f"{there} is '{profile[there]}' in the point of sale, '{account[here]}' in the web store"
    ours = sorted(_web_place(address) for address in account["addresses"])
    theirs = sorted(_pos_place(address) for address in profile["Addresses"])
    if ours != theirs:
        yield f"lives at {_told(ours)} in the web store, at {_told(theirs)} in the point of sale"


def _not_as_done(account: Document, expected: Expected | None) -> Iterator[str]:
    """What the account should say and does not. One that nobody wrote down was opened when its answer was lost."""
    if expected is None:
        return
    told = {CustomerField.EMAIL: account["email"], CustomerField.LAST_NAME: account["lastname"]}
    for what, value in told.items():
        if value not in expected.texts[what]:
            yield f"{what} is '{value}' instead of '{' or '.join(sorted(expected.texts[what]))}'"
    streets = {address["street"][0] for address in account["addresses"]}
    if not expected.streets <= streets <= expected.streets | expected.perhaps:
        yield f"lives in {', '.join(sorted(streets))} instead of {', '.join(sorted(expected.streets))}"


def _buyers(both: BothSides) -> dict[str, list[tuple[str, str]]]:
    """By account, its orders that are in both systems: number, and whose it is in the point of sale."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for web, document in both.pairs():
        found[str(web.document.get("customer_id") or "")].append((web.number, str(document.get("CustomerID"))))
    return found


def _check_strangers(
    both: BothSides, accounts: Mapping[str, Document], profiles: Sequence[Document], result: EntityAudit
) -> None:
    """Profiles that were made for an account that is not there."""
    known = {_name(both, account) for account in accounts}
    for profile in profiles:
        name = str(profile["ExternalID"] or "")
        if name.startswith(_name(both, "")) and name not in known:
            result.add("different", name, "has a profile, but there is no such account")


def _web_place(address: Document) -> Place:
    region = (address.get("region") or {}).get("region_code")
    found = (*address["street"], address["city"], region, address.get("postcode"), address["country_id"])
    return tuple(str(part) for part in found if part)


def _pos_place(address: Document) -> Place:
    names = ("Line1", "Line2", "City", "State", "PostalCode", "Country")
    return tuple(str(address[name]) for name in names if address.get(name))


def _told(places: Sequence[Place]) -> str:
    return "; ".join(place[0] for place in places) or "no place"
