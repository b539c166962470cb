"""Variants: goods that the web store shows as choices of one product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Family:
    """A product with variants, as the web store shows it.

    Attributes:
        product_type: ``configurable`` if it can have any.
        options: ids of the attributes that tell its variants apart.
        children: SKUs of its variants.
    """

    product_type: str
    options: frozenset[str]
    children: frozenset[str]


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """An attribute by which variants differ.

    Attributes:
        attribute: its id.
        label: as customers read it.
        position: among the options of the product.
        value: id of the first variant's value.
    """

    attribute: str
    label: str
    position: int
    value: int


class WebVariants(Protocol):
    """The web store's products with variants. Nothing is taken out of one, and its options are sent once."""

    async def family(self, sku: str) -> Family | None:
        """The product of that SKU; None if there is none."""
        ...

    async def attribute_id(self, code: str) -> str:
        """The id of a product attribute. Raises Rejected if there is none of that code."""
        ...

    async def add_variant_option(self, sku: str, option: OptionDraft) -> str:
        """Let variants differ by one more attribute; sent once. Returns the attribute's id."""
        ...

    async def add_variant(self, sku: str, child: str) -> str:
        """Make a product a variant of that one, which knows its other variants as before; sent once. Returns the
        child's SKU."""
        ...
