"""Customers: ``POST GET PUT /v1/customers``."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.heartland.address import Address
from schemas.wire import Wire


class Customer(Wire):
    """A profile."""

    customer_id: str = Field(alias="CustomerID")
    external_id: str = Field("", alias="ExternalID")
    first_name: str = Field("", alias="FirstName")
    last_name: str = Field("", alias="LastName")
    email: str = Field("", alias="Email")
    phone: str = Field("", alias="Phone")
    addresses: tuple[Address, ...] = Field((), alias="Addresses")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")
