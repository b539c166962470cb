"""Consumer groups: one per role, and for deliver one per target."""

from __future__ import annotations

from collections.abc import Mapping

from streams.topics import (
    CANONICAL_CUSTOMER,
    CANONICAL_GIFT_CARD,
    CANONICAL_PRODUCT,
    CANONICAL_SALE,
    CANONICAL_STOCK,
    HINT_STOCK,
    RAW_ENTITIES,
    raw,
)

NORMALIZE = "tillstream.normalize"
INVENTORY = "tillstream.inventory"

RAW_TOPICS: tuple[str, ...] = tuple(sorted(raw(system, entity) for system, entity in RAW_ENTITIES))

DELIVERED: Mapping[str, tuple[str, ...]] = {
    "heartland": (CANONICAL_SALE, CANONICAL_CUSTOMER),
    "magento": (CANONICAL_SALE, CANONICAL_STOCK, CANONICAL_PRODUCT, CANONICAL_CUSTOMER, CANONICAL_GIFT_CARD),
    # whose records each name the connection that they are for: stock is for whoever reads it
    "webhook": (CANONICAL_SALE, CANONICAL_PRODUCT, CANONICAL_CUSTOMER, CANONICAL_GIFT_CARD),
}
"""Canonical topics that a target of each system reads."""


def deliver(target: str) -> str:
    """The group of a target connection."""
    return f"tillstream.deliver.{target}"


def consumed(connections: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Every group and the topics that it reads, for these connections (name -> system)."""
    groups = {NORMALIZE: RAW_TOPICS, INVENTORY: (HINT_STOCK,)}
    return groups | {deliver(name): DELIVERED[system] for name, system in connections.items()}
