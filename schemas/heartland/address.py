"""An address, of an order or in a profile."""

from __future__ import annotations

from pydantic import Field

from schemas.wire import Wire


class Address(Wire):
    """What is not given is empty."""

    first_name: str = Field("", alias="FirstName")
    last_name: str = Field("", alias="LastName")
    company: str = Field("", alias="Company")
    line1: str = Field("", alias="Line1")
    line2: str = Field("", alias="Line2")
    city: str = Field("", alias="City")
    state: str = Field("", alias="State")
    postal_code: str = Field("", alias="PostalCode")
    country: str = Field("", alias="Country")
    phone: str = Field("", alias="Phone")
    email: str = Field("", alias="Email")
