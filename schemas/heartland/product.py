"""Products: ``GET /v1/products``."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.wire import Amount, Wire


class Product(Wire):
    """An article of the catalogue."""

    sku: str = Field(alias="SKU")
    name: str = Field(alias="Name")
    price: Amount = Field(alias="Price")
    currency: str = Field(alias="Currency")
    active: bool = Field(alias="Active")
    updated_at: AwareDatetime = Field(alias="UpdatedAt")
