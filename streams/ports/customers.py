"""Customer profiles, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from streams.ports.systems import SeenOrder


@dataclass(frozen=True, slots=True)
class ProfileDraft:
    """A customer to be created in the point of sale.

    Attributes:
        external_id: the name it shall be found by.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
        email: by which a found profile is recognised as the same.
    """

    external_id: str
    document: Mapping[str, object]
    email: str


@dataclass(frozen=True, slots=True)
class SeenAddress:
    """An address of a profile, as far as it tells one customer from another. What is not known is empty."""

    lines: tuple[str, ...]
    city: str
    state: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class SeenProfile:
    """A customer as the point of sale shows it.

    Attributes:
        external_id: empty if nobody has named it.
        document: the whole of it, for the flow's ``in`` mapping.
    """

    customer_id: str
    external_id: str
    first_name: str
    last_name: str
    email: str
    phone: str
    addresses: tuple[SeenAddress, ...]
    updated_at: datetime
    document: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


class PosCustomers(Protocol):
    """The point of sale's customer book. Nothing in it is unique but a profile's own id."""

    async def customer(self, customer_id: str) -> SeenProfile | None:
        """The profile of that id."""
        ...

    async def find_customer(self, external_id: str) -> SeenProfile | None:
        """The profile of that external id. More than one raises Rejected: a collision for a person."""
        ...

    async def customers_by_email(self, email: str) -> Sequence[SeenProfile]:
        """Every profile of an address, whatever its case: a family shares one, and so does a customer made twice."""
        ...

    async def create_customer(self, draft: ProfileDraft) -> SeenProfile:
        """Create it; sent once."""
        ...

    async def update_customer(self, customer_id: str, document: Mapping[str, object]) -> SeenProfile:
        """Set the fields that the ``out`` mapping names, the list of addresses as a whole. Safe to repeat."""
        ...

    async def purchases(self, customer_id: str) -> Sequence[SeenOrder]:
        """Every order of a customer, those in store too, in the order in which they were made."""
        ...
