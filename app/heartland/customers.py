"""Customer profiles of the point of sale. Implements PosCustomers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.heartland.client import HeartlandClient
from app.heartland.lists import BY_ID, Question, the_one, whole
from app.heartland.orders import ORDERS, seen_order
from app.listing import Listing
from app.urls import encode
from app.wire import read_as
from schemas.heartland import Address, Customer, Order
from streams.ports import ProfileDraft, SeenAddress, SeenOrder, SeenProfile

CUSTOMERS = "/v1/customers"


class HeartlandCustomers:
    """Profiles of one connection."""

    def __init__(self, client: HeartlandClient) -> None:
        self._client = client

    async def customer(self, customer_id: str) -> SeenProfile | None:
        """The profile (``GET /v1/customers/{CustomerID}``), None if Heartland does not have it."""
        subject = f"customer {customer_id}"
        content = await self._client.find("customer", subject, f"{CUSTOMERS}/{encode(customer_id)}")
        return None if content is None else _seen(read_as(Customer, content, f"{self._client.name}: {subject}"))

    async def find_customer(self, external_id: str) -> SeenProfile | None:
        """The profile of that ExternalID (``GET /v1/customers?external_id=``), letter for letter.

        Raises:
            Rejected: there are several, which a person must sort out.
        """
        query = [("external_id", external_id), BY_ID]
        question = Question("find_customer", f"customers called {external_id}", CUSTOMERS, query)
        found = await the_one(self._client, Customer, question, _id_of, lambda row: row.external_id == external_id)
        return None if found is None else _seen(found)

    async def customers_by_email(self, email: str) -> Sequence[SeenProfile]:
        """Profiles of an address, upper and lower case apart (``GET /v1/customers?email=``), the oldest first.

        Raises:
            Transient: the answer is not whole: one profile must never look like the only one.
        """
        if not email:
            return ()  # Heartland refuses to look for nothing, and profiles without an address have none in common
        question = Question("customers_by_email", f"customers with {email}", CUSTOMERS, [("email", email), BY_ID])
        wanted = email.casefold()
        rows = await whole(self._client, Customer, question, _id_of, lambda row: row.email.casefold() == wanted)
        return tuple(_seen(row) for row in rows)

    async def create_customer(self, draft: ProfileDraft) -> SeenProfile:
        """Create it (``POST /v1/customers``); sent once. Heartland has nothing unique: a second call makes another."""
        subject = f"customer {draft.external_id}"
        content = await self._client.change("POST", "create_customer", subject, CUSTOMERS, draft.document)
        return _seen(read_as(Customer, content, f"{self._client.name}: the new {subject}", done=True))

    async def update_customer(self, customer_id: str, document: Mapping[str, object]) -> SeenProfile:
        """Set fields (``PUT /v1/customers/{CustomerID}``): those left out stay, ``Addresses`` is the whole list."""
        subject, path = f"customer {customer_id}", f"{CUSTOMERS}/{encode(customer_id)}"
        content = await self._client.change("PUT", "update_customer", subject, path, document)
        return _seen(read_as(Customer, content, f"{self._client.name}: {subject}", done=True))

    async def purchases(self, customer_id: str) -> Sequence[SeenOrder]:
        """Orders of a customer (``GET /v1/orders?customer_id=``), the cancelled too, the oldest first.

        Raises:
            Transient: the answer is not whole.
        """
        query = [("customer_id", customer_id), BY_ID]
        question = Question("purchases", f"orders of customer {customer_id}", ORDERS, query)
        rows = await whole(
            self._client, Order, question, lambda row: row.order_id, lambda row: row.customer_id == customer_id
        )
        return tuple(seen_order(row) for row in rows)

    async def list_customers(self, updated_since: datetime, *, page: int = 1, page_size: int = 100) -> Listing:
        """Profiles that changed then or later, oldest change first (``GET /v1/customers``)."""
        return await self._client.list("list_customers", CUSTOMERS, updated_since, page=page, page_size=page_size)


def _id_of(row: Customer) -> str:
    return row.customer_id


def _seen(row: Customer) -> SeenProfile:
    return SeenProfile(
        customer_id=row.customer_id,
        external_id=row.external_id,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        phone=row.phone,
        addresses=tuple(_seen_address(address) for address in row.addresses),
        updated_at=row.updated_at,
        document=row.document,
    )


def _seen_address(address: Address) -> SeenAddress:
    return SeenAddress(
        lines=tuple(line for line in (address.line1, address.line2) if line),
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        country=address.country,
    )
