"""The shop's goods. Both sandboxes sell the same ones and start from the same stock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

MAIN = "MAIN"
"""Heartland location; Magento's source ``main``."""
STORE2 = "STORE2"
"""Heartland location; Magento's source ``store2``."""

SOURCES = {MAIN: "main", STORE2: "store2", **{f"STORE{number}": f"store{number}" for number in range(3, 7)}}
"""Heartland location -> Magento source code, of the largest shop."""
SMALL_SHOP = (MAIN, STORE2)

CHILDREN = ("Red", "Blue", "Green")
"""Colours of a configurable product's children."""

CYCLE = 20
"""The catalogue repeats a pattern of twenty SKUs: one virtual, the children of one configurable, the rest simple."""
VIRTUAL_AT = 1
CHILDREN_AT = 3


class ProductKind(StrEnum):
    """Magento's product types that the sandbox sells."""

    SIMPLE = "simple"
    CONFIGURABLE = "configurable"
    """A parent without stock of its own; not an item of the point of sale."""
    VIRTUAL = "virtual"


@dataclass(frozen=True, slots=True)
class Product:
    """One product.

    Attributes:
        price: in USD; a configurable's children all have their parent's price.
        parent: SKU of the configurable that a child belongs to, empty otherwise.
        colour: of a child, empty otherwise.
        stock: units on hand at the start by location; empty for a configurable.
    """

    sku: str
    name: str
    price: Decimal
    kind: ProductKind
    parent: str = ""
    colour: str = ""
    stock: dict[str, int] = field(default_factory=dict)


POS_ONLY = Product(
    "POS-ONLY-1", "Sold in store only", Decimal("19.99"), ProductKind.SIMPLE, stock={MAIN: 60, STORE2: 20}
)
"""An item of the point of sale that the web store does not sell under this SKU."""


def catalogue(seed: int, skus: int, locations: Sequence[str] = SMALL_SHOP) -> list[Product]:
    """The goods, the same for the same arguments; a larger catalogue begins with the smaller one's goods, and more
    locations change nothing at the first ones.

    Args:
        seed: of prices and stock.
        skus: number of sellable SKUs (``SKU-00001`` ...); configurable parents (``CFG-00003`` ...) come on top,
            each before its first child.
        locations: where there is stock, ``MAIN`` first.
    """
    return [product for number in range(1, skus + 1) for product in _products_at(seed, number, locations)]


def sellable(products: list[Product]) -> list[Product]:
    """Those with stock of their own: the point of sale's items."""
    return [product for product in products if product.kind is not ProductKind.CONFIGURABLE]


def _products_at(seed: int, number: int, locations: Sequence[str]) -> list[Product]:
    sku = f"SKU-{number:05d}"
    price, stock = _figures(seed, number, locations)
    place = number % CYCLE
    if place == VIRTUAL_AT:
        stock = {location: 0 if location == STORE2 else 10_000 for location in locations}
        return [Product(sku, f"Service {number}", price, ProductKind.VIRTUAL, stock=stock)]
    child = place - CHILDREN_AT
    if not 0 <= child < len(CHILDREN):
        return [Product(sku, f"Product {number}", price, ProductKind.SIMPLE, stock=stock)]
    first = number - child
    price, _ = _figures(seed, first, locations)
    parent = Product(f"CFG-{first:05d}", f"Cap {first}", price, ProductKind.CONFIGURABLE)
    name = f"{parent.name} {CHILDREN[child]}"
    item = Product(sku, name, price, ProductKind.SIMPLE, parent=parent.sku, colour=CHILDREN[child], stock=stock)
    return [parent, item] if child == 0 else [item]


def _figures(seed: int, number: int, locations: Sequence[str]) -> tuple[Decimal, dict[str, int]]:
    """Price and stock of one number."""
    chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a repeatable catalogue, not a secret
    price = Decimal(chance.randrange(199, 19_999)) / 100
    limits = {location: (40, 400) if location == MAIN else (10, 80) for location in locations}
    return price, {location: chance.randrange(*limits[location]) for location in locations}
