"""A customer's account and profile as two systems keep them, each in its own dialect, and calls that go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from streams.errors import OutcomeUnknown, Rejected, Transient
from streams.ports import AccountDraft, ProfileDraft, SeenAccount, SeenOrder, SeenProfile

START = datetime(2026, 11, 24, tzinfo=UTC)
Json = dict[str, Any]


class Trouble:
    """What becomes of the next write: ``before`` it is done it fails, ``after`` it is done no answer comes, ``late`` it
    is done only when it lands, and nobody is told."""

    def __init__(self) -> None:
        self.next = ""
        self.land: Callable[[], None] = lambda: None

    def write(self, do: Callable[[], None]) -> None:
        kind, self.next = self.next, ""
        if kind == "before":
            raise Transient("not done")
        if kind == "late":
            self.land = do
            raise OutcomeUnknown("no answer")
        do()
        if kind == "after":
            raise OutcomeUnknown("done, and no answer")


class Account:
    """Implements `streams.ports.WebCustomers` for one account, as Magento keeps it."""

    def __init__(self) -> None:
        self.second = 0
        self.trouble = Trouble()
        self.writes = 0
        self._ids = 10
        self.document: Json = {
            "id": 1,
            "email": "ann@example.com",
            "firstname": "Ann",
            "lastname": "Webb",
            "website_id": 1,
            "addresses": [],
        }
        self.edit({"addresses": [street("1 Oak St") | {"default_billing": True, "default_shipping": True}]})

    def edit(self, changes: Mapping[str, Any]) -> None:
        """What is sent is set; the list of addresses is the whole list, and a default may not go without another."""
        changes = dict(changes)
        if (addresses := changes.get("addresses")) is not None:
            changes["addresses"] = self._addresses(addresses)
        self.document = {**self.document, **changes, "updated_at": self._now()}

    def _addresses(self, sent: Sequence[Json]) -> list[Json]:
        had_default = any(address.get("default_billing") for address in self.document["addresses"])
        if had_default and sent and not any(address.get("default_billing") for address in sent):
            raise Rejected("The default_billing value is invalid")
        kept = []
        for address in sent:
            if not all(address.get(key) for key in ("firstname", "lastname", "street", "city", "telephone")):
                raise Rejected(f"a field of {address} is missing")
            self._ids += 1
            kept.append({**address, "id": address.get("id") or self._ids})
        return kept

    def _now(self) -> str:
        return (START + timedelta(seconds=self.second)).strftime("%Y-%m-%d %H:%M:%S")

    async def account(self, account_id: str) -> SeenAccount | None:
        return self._seen() if account_id == "1" else None

    async def find_account(self, email: str, website: int) -> SeenAccount | None:
        return self._seen() if (email.casefold(), website) == (self.document["email"].casefold(), 1) else None

    async def create_account(self, draft: AccountDraft) -> SeenAccount:
        raise AssertionError("no account is made")

    async def update_account(self, account_id: str, document: Mapping[str, object]) -> SeenAccount:
        self.writes += 1
        self.trouble.write(lambda: self.edit(document))
        return self._seen()

    async def regions(self, country: str) -> Mapping[str, int]:
        return {"TX": 57} if country == "US" else {}

    def _seen(self) -> SeenAccount:
        document = dict(self.document)
        return SeenAccount("1", document["email"], 1, 1, "", "", None, (), START, document)


class Profile:
    """Implements `streams.ports.PosCustomers` for one profile, as Heartland keeps it: milliseconds, no ids."""

    def __init__(self) -> None:
        self.second = 0
        self.trouble = Trouble()
        self.writes = 0
        self._edits = 0
        self.document: Json = {
            "CustomerID": "7",
            "FirstName": "Ann",
            "LastName": "Webb",
            "Email": "ann@example.com",
            "Phone": "512-555-0100",
            "Addresses": [],
        }
        self.edit({})

    def edit(self, changes: Mapping[str, Any]) -> None:
        self._edits += 1
        now = START + timedelta(seconds=self.second, milliseconds=min(self._edits, 999))
        self.document = {**self.document, **changes, "UpdatedAt": now.isoformat()}

    async def customer(self, customer_id: str) -> SeenProfile | None:
        return self._seen() if customer_id == "7" else None

    async def find_customer(self, external_id: str) -> SeenProfile | None:
        return None

    async def customers_by_email(self, email: str) -> Sequence[SeenProfile]:
        return (self._seen(),) if email.casefold() == self.document["Email"].casefold() else ()

    async def create_customer(self, draft: ProfileDraft) -> SeenProfile:
        raise AssertionError(f"{draft.external_id} has a profile")

    async def update_customer(self, customer_id: str, document: Mapping[str, object]) -> SeenProfile:
        self.writes += 1
        self.trouble.write(lambda: self.edit(document))
        return self._seen()

    async def purchases(self, customer_id: str) -> Sequence[SeenOrder]:
        return ()

    def _seen(self) -> SeenProfile:
        document = dict(self.document)
        return SeenProfile("7", "", "", "", document["Email"], "", (), START, document)


def street(line: str) -> Json:
    """An address as the web store has it."""
    return {
        "firstname": "Ann",
        "lastname": "Webb",
        "street": [line],
        "city": "Austin",
        "region": {"region_code": "TX", "region": "Texas", "region_id": 57},
        "postcode": "78701",
        "country_id": "US",
        "telephone": "512-555-0100",
    }


def typed(line: str) -> Json:
    """An address as a cashier types it: it names nobody."""
    return {"Line1": line, "City": "Austin", "State": "TX", "PostalCode": "78701", "Country": "US"}
