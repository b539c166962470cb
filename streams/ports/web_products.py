"""The web store's catalogue, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WebProduct:
    """A product as the web store shows it, its global values.

    Attributes:
        product_type: ``simple``, ``configurable`` ….
        price: None for a parent, which has none of its own.
        attributes: the custom ones by code, as far as they are plain values; selects hold the id of an option.
        pictures: of each the hash of its file if we added it, else whatever tells it from others.
    """

    sku: str
    name: str
    product_type: str
    enabled: bool
    price: Decimal | None
    attribute_set: int
    websites: tuple[int, ...]
    attributes: Mapping[str, str]
    updated_at: datetime
    pictures: tuple[str, ...] = ()


class WebProducts(Protocol):
    """The web store's catalogue. Writing an unknown SKU would make a product of it, so each write looks first."""

    async def product(self, sku: str) -> WebProduct | None:
        """The product of that SKU, letter for letter."""
        ...

    async def count_products(self) -> int:
        """How many there are, in whatever state; an hour old at most."""
        ...

    async def create_product(self, sku: str, document: Mapping[str, object]) -> WebProduct:
        """Make it, disabled; sent once.

        Args:
            sku: of the new product.
            document: what the flow's ``out`` mapping made; the connector knows its dialect.

        Raises:
            Rejected: there is one already, perhaps in other letter case.
        """
        ...

    async def update_product(self, sku: str, document: Mapping[str, object]) -> WebProduct:
        """Set fields and custom attributes by their names, for all stores; the others stay. Safe to repeat.

        Raises:
            AliasMissing: the store has no such SKU; nothing was sent.
        """
        ...

    async def enable_product(self, sku: str) -> WebProduct:
        """Show one that was made disabled to customers; else as `update_product`."""
        ...

    async def set_product_enabled(self, sku: str, enabled: bool) -> WebProduct:
        """Enable or disable it; else as `update_product`."""
        ...


class WebCatalogue(Protocol):
    """What products refer to by an id of the store. It changes rarely, and is remembered for an hour."""

    async def attribute_options(self, code: str) -> Mapping[str, str]:
        """Ids of a select attribute's options by their label. Raises Rejected if there is no such attribute."""
        ...

    async def tax_classes(self) -> Mapping[str, int]:
        """Ids of the product tax classes by name."""
        ...

    async def attribute_sets(self) -> Mapping[str, int]:
        """Ids of the product attribute sets by name."""
        ...
