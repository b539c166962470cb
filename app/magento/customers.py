"""Customers' accounts in the web store. Implements WebCustomers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from app.listing import Listing
from app.magento.client import MagentoClient
from app.magento.lists import Polled, Question, changed, every, the_one
from app.magento.remembered import Remembered
from app.magento.search import Where
from app.magento.times import read_time
from app.urls import encode
from app.wire import read_as
from schemas.magento import Country, Customer, CustomerAddress
from streams.ports import AccountAddress, AccountDraft, SeenAccount

CUSTOMERS = "/V1/customers"
SEARCH = f"{CUSTOMERS}/search"
CHANGED = Polled("list_customers", "customers", SEARCH)


class MagentoCustomers:
    """Accounts of one connection."""

    def __init__(self, client: MagentoClient, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._regions = Remembered(self._read_regions, monotonic=monotonic)

    async def account(self, account_id: str) -> SeenAccount | None:
        """The account (``GET /V1/customers/:customerId``), None if Magento does not have it."""
        subject = f"customer {account_id}"
        content = await self._client.find("account", subject, f"{CUSTOMERS}/{encode(account_id)}")
        return None if content is None else _seen(read_as(Customer, content, f"{self._client.name}: {subject}"))

    async def find_account(self, email: str, website: int) -> SeenAccount | None:
        """The account of an address on a website (``GET /V1/customers/search``), which compares without letter case."""
        subject = f"customers with {email} on website {website}"
        where = (Where("email", "eq", email), Where("website_id", "eq", str(website)))
        rows = await every(self._client, Customer, Question("find_account", subject, SEARCH, where))
        found = [row for row in rows if row.email.casefold() == email.casefold() and row.website_id == website]
        row = the_one(found, [row.id for row in found], f"{self._client.name}: {subject}")
        return None if row is None else _seen(row)

    async def create_account(self, draft: AccountDraft) -> SeenAccount:
        """Make it (``POST /V1/customers``; not in Commerce as a Cloud Service); sent once. Magento mails a welcome.

        Raises:
            Rejected: the website has an account of that address, in any letter case.
            AuthFailed: the document names a group, and the integration lacks the right to manage customers.
        """
        customer = {**draft.document, "email": draft.email, "website_id": draft.website}
        subject = f"customer {draft.email} on website {draft.website}"
        content = await self._client.post("create_account", subject, CUSTOMERS, {"customer": customer})
        return _seen(read_as(Customer, content, f"{self._client.name}: the new {subject}", done=True))

    async def update_account(self, account_id: str, document: Mapping[str, object]) -> SeenAccount:
        """Set fields (``PUT /V1/customers/:customerId``), which keeps those that are left out.

        Raises:
            Rejected: the list of addresses leaves out a default one, among others.
        """
        subject, path = f"customer {account_id}", f"{CUSTOMERS}/{encode(account_id)}"
        content = await self._client.put("update_account", subject, path, {"customer": dict(document)})
        return _seen(read_as(Customer, content, f"{self._client.name}: {subject}", done=True))

    async def regions(self, country: str) -> Mapping[str, int]:
        """Region ids of a country by code (``GET /V1/directory/countries/:countryId``), remembered for an hour."""
        return await self._regions.get(country)

    async def has_attribute(self, code: str) -> bool:
        """Whether customers have an attribute (``GET /V1/attributeMetadata/customer/attribute/:attributeCode``)."""
        path = f"/V1/attributeMetadata/customer/attribute/{encode(code)}"
        return await self._client.find("has_attribute", f"customer attribute '{code}'", path) is not None

    async def list_customers(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Accounts that changed then or later, oldest change first (``GET /V1/customers/search``). A changed address or
        subscription counts as a change."""
        return await changed(self._client, CHANGED, updated_since, page, page_size)

    async def _read_regions(self, country: str) -> Mapping[str, int]:
        subject = f"country {country}"
        content = await self._client.find("regions", subject, f"/V1/directory/countries/{encode(country)}")
        if content is None:
            return {}
        found = read_as(Country, content, f"{self._client.name}: {subject}")
        return {region.code: region.id for region in found.available_regions}


def _seen(row: Customer) -> SeenAccount:
    return SeenAccount(
        account_id=row.id,
        email=row.email,
        website=row.website_id,
        group=row.group_id,
        first_name=row.firstname,
        last_name=row.lastname,
        subscribed=row.extension_attributes.is_subscribed,
        addresses=tuple(_seen_address(address) for address in row.addresses),
        updated_at=read_time(row.updated_at),
        document=row.document,
    )


def _seen_address(row: CustomerAddress) -> AccountAddress:
    return AccountAddress(
        address_id=row.id,
        first_name=row.firstname,
        last_name=row.lastname,
        lines=row.street,
        city=row.city,
        region=row.region.region_code,
        region_id=row.region.region_id,
        postal_code=row.postcode,
        country=row.country_id,
        phone=row.telephone,
        default_billing=row.default_billing,
        default_shipping=row.default_shipping,
    )
