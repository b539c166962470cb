"""Customers: ``POST GET PUT /v1/customers``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AwareDatetime, Field, model_validator

from schemas.heartland.address import Address
from schemas.wire import Wire


class Customer(Wire):
    """A profile; ``document`` is the whole of it."""

    document: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    customer_id: str = Field(alias="CustomerID")
    external_id: str = Field("", alias="ExternalID")
    first_name: str = Field("", alias="FirstName")
    last_name: str = Field("", alias="LastName")
    email: str = Field("", alias="Email")
    phone: str = Field("", alias="Phone")
    addresses: tuple[Address, ...] = Field((), alias="Addresses")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")

    @model_validator(mode="before")
    @classmethod
    def _keep_the_whole(cls, value: Any) -> Any:
        return {**value, "document": value} if isinstance(value, dict) else value
