"""The two systems, in the shop's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from schemas.canonical import LocationLevel


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A web order to be created in the point of sale.

    Attributes:
        public_id: the number it shall be found by.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
        total, currency, email, placed_at: by which a found order is recognised as the same.
    """

    public_id: str
    document: Mapping[str, object]
    total: Decimal
    currency: str
    email: str
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order as the point of sale shows it.

    Attributes:
        order_id, number, public_id, status, total, currency, email, placed_at, updated_at: as their names say.
        packed: whether it has a parcel with goods, which may have left.
        paid: what its tenders brought, without gift cards, credits and points, which are no payments of their own; None
            if it does not show them.
        addresses: by the keys of the flow's ``out`` mapping, in the connector's dialect, without what is empty.
    """

    order_id: str
    number: str
    public_id: str
    status: str
    total: Decimal
    currency: str
    email: str
    placed_at: datetime | None
    updated_at: datetime
    packed: bool = False
    paid: Decimal | None = None
    addresses: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


class Sales(Protocol):
    """The point of sale's order book."""

    async def create_order(self, draft: OrderDraft) -> SeenOrder:
        """Create it; sent once. Raises AliasMissing, Rejected, OutcomeUnknown, Transient, Unavailable, AuthFailed."""
        ...

    async def find_order(self, public_id: str) -> SeenOrder | None:
        """The order of that public id. More than one raises Rejected: a collision for a person."""
        ...


class OrderNotes(Protocol):
    """What the web store keeps on an order for us."""

    async def set_external_number(self, order_id: str, number: str) -> None:
        """Write the other system's number on the order (absolute; safe to repeat)."""
        ...

    async def add_comment(self, order_id: str, comment: str) -> str:
        """Add a comment that mails nobody; sent once. Returns its id, empty if the store names none."""
        ...

    async def find_comment(self, order_id: str, marker: str) -> str | None:
        """The id of the comment that contains ``marker``."""
        ...


@dataclass(frozen=True, slots=True)
class SourceItem:
    """Absolute stock of one SKU in one MSI source."""

    sku: str
    source: str
    quantity: Decimal


class WebStock(Protocol):
    """The web store's stock."""

    @property
    def most_skus(self) -> int:
        """SKUs that one write may have."""
        ...

    def begin(self) -> float:
        """The beginning of a write, for `write_source_items`; in seconds that go on while the process is frozen."""
        ...

    async def write_source_items(self, items: Sequence[SourceItem], *, began: float | None = None) -> None:
        """Set them, all or none. Absolute, so safe to repeat.

        Args:
            items: none is no work.
            began: when the write began; now if not given. Nothing is sent if it cannot leave soon after: Transient.
        """
        ...

    async def known_skus(self, skus: Collection[str]) -> frozenset[str]:
        """Those SKUs that are products of the store (Magento stores source items of unknown ones silently)."""
        ...

    async def list_source_items(self, skus: Collection[str]) -> Sequence[SourceItem]:
        """What the sources hold of those SKUs."""
        ...


class StockLevels(Protocol):
    """The point of sale's stock."""

    async def levels(self, skus: Collection[str]) -> Mapping[str, Sequence[LocationLevel]]:
        """Levels of each SKU in every location. A SKU that the system does not know is left out; a partial
        answer raises Transient, so that it never looks like zero stock."""
        ...


class EntityReader(Protocol):
    """Reads one entity again, where an event is only a hint."""

    async def read(self, entity: str, native_id: str) -> bytes | None:
        """The entity's JSON, None if the system does not have it."""
        ...
