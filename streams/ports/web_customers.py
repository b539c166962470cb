"""Customers' accounts in the web store. The point of sale has profiles (`streams.ports.PosCustomers`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """An account to be made.

    Attributes:
        email: unique on the website, whatever its case.
        website: the website's id.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
    """

    email: str
    website: int
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AccountAddress:
    """An address of an account. What is not known is empty.

    Attributes:
        address_id: by which it stays when the list is written; one without is new.
        region_id: 0 where the country has no regions, or it is not known.
        default_billing, default_shipping: whether it is the account's default.
    """

    address_id: str
    first_name: str
    last_name: str
    lines: tuple[str, ...]
    city: str
    region: str
    region_id: int
    postal_code: str
    country: str
    phone: str
    default_billing: bool
    default_shipping: bool


@dataclass(frozen=True, slots=True)
class SeenAccount:
    """An account as the web store shows it.

    Attributes:
        subscribed: None where it does not say.
        document: the whole of it, for the flow's ``in`` mapping.
    """

    account_id: str
    email: str
    website: int
    group: int
    first_name: str
    last_name: str
    subscribed: bool | None
    addresses: tuple[AccountAddress, ...]
    updated_at: datetime
    document: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


class WebCustomers(Protocol):
    """The web store's accounts."""

    async def account(self, account_id: str) -> SeenAccount | None:
        """The account of that id."""
        ...

    async def find_account(self, email: str, website: int) -> SeenAccount | None:
        """The account of an e-mail address on a website, whatever its case."""
        ...

    async def create_account(self, draft: AccountDraft) -> SeenAccount:
        """Make it; sent once. The store mails a welcome. Raises Rejected if the website has that address already."""
        ...

    async def update_account(self, account_id: str, document: Mapping[str, object]) -> SeenAccount:
        """Set the fields that the ``out`` mapping names; safe to repeat. ``addresses`` is the whole list: what it
        leaves out is deleted, and the defaults must be in it."""
        ...

    async def regions(self, country: str) -> Mapping[str, int]:
        """Ids of a country's regions by their code: an address in one must name it. Empty if it has none."""
        ...
