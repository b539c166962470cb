"""The catalogue, in the shop's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SeenProduct:
    """A product as the point of sale shows it; ``price`` is the list price, of one piece."""

    sku: str
    name: str
    price: Decimal
    currency: str
    active: bool
    updated_at: datetime


class PosProducts(Protocol):
    """The point of sale's catalogue, which is the source of products: nothing is written there."""

    async def products(self, skus: Collection[str]) -> Mapping[str, SeenProduct]:
        """Those of the SKUs that it knows, letter for letter. A partial answer raises Transient, so that a product is
        never taken for one that is gone."""
        ...
