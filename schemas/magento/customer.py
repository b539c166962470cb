"""Customers' accounts: ``GET /V1/customers/:customerId``, ``GET /V1/customers/search``; and countries beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from schemas.wire import Wire


class AddressRegion(Wire):
    """The region of an address. Its id is 0 where none was given."""

    region: str = ""
    region_code: str = ""
    region_id: int = 0


class CustomerAddress(Wire):
    """An address of an account."""

    id: str = ""
    firstname: str = ""
    lastname: str = ""
    company: str = ""
    street: tuple[str, ...] = ()
    city: str = ""
    region: AddressRegion = AddressRegion()
    postcode: str = ""
    country_id: str = ""
    telephone: str = ""
    default_billing: bool = False
    default_shipping: bool = False


class CustomerExtension(Wire):
    """``extension_attributes`` of an account. That nothing is said of a subscription is not consent."""

    is_subscribed: bool | None = None


class Customer(Wire):
    """An account; ``document`` is the whole of it. Times are UTC without a zone."""

    document: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    id: str
    email: str
    website_id: int = 0
    store_id: int = 0
    group_id: int = 0
    firstname: str = ""
    lastname: str = ""
    updated_at: str
    addresses: tuple[CustomerAddress, ...] = ()
    extension_attributes: CustomerExtension = CustomerExtension()

    @model_validator(mode="before")
    @classmethod
    def _keep_the_whole(cls, value: Any) -> Any:
        return {**value, "document": value} if isinstance(value, dict) else value


class Region(Wire):
    """A region of a country."""

    id: int
    code: str
    name: str = ""


class Country(Wire):
    """``GET /V1/directory/countries/:countryId``. Most countries have no regions."""

    id: str
    available_regions: tuple[Region, ...] = ()
