"""Stock: ``GET /v1/inventory``."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.wire import Amount, Wire


class InventoryLevel(Wire):
    """One SKU at one location. Below zero when more was sold than had been counted."""

    sku: str = Field(alias="SKU")
    location_id: str = Field(alias="LocationID")
    on_hand: Amount = Field(alias="OnHand")
    committed: Amount = Field(alias="Committed")
    updated_at: AwareDatetime | None = Field(default=None, alias="UpdatedAt")
