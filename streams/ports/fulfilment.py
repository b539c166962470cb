"""Shipments, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ParcelDraft:
    """A shipment to be recorded on an order of the point of sale.

    Attributes:
        marker: what one of the document's texts carries as a word of its own, and by which the shipment is found: the
            tracking number, or a mark beside the carrier's name for one that has none.
        document: what the flow's ``out`` mapping made; the connector knows its dialect.
        units: pieces by SKU, by which a found shipment is recognised as the same.
    """

    marker: str
    document: Mapping[str, object]
    units: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class SeenParcel:
    """A shipment as the point of sale shows it; ``units`` are pieces by SKU."""

    shipment_id: str
    shipped_at: datetime
    carrier: str
    tracking_number: str
    units: Mapping[str, Decimal]


class PosShipments(Protocol):
    """The shipments of the point of sale's orders. They are a record: an order is fulfilled by
    `PosOrders.fulfil_order`. One that is recorded stays as it is."""

    async def shipments_of(self, order_id: str) -> Sequence[SeenParcel]:
        """Every shipment of an order, in the order in which they were recorded."""
        ...

    async def find_shipment(self, order_id: str, marker: str) -> SeenParcel | None:
        """The order's shipment that carries the marker. More than one raises Rejected: a collision for a person."""
        ...

    async def append_shipment(self, order_id: str, draft: ParcelDraft) -> SeenParcel:
        """Record it behind the others; sent once. If the order has one with that marker, nothing is sent and that one
        is returned.

        Raises:
            Transient: somebody else changed the order meanwhile; nothing was recorded.
            OutcomeUnknown: the order, as it was answered, does not show what was recorded before and this one.
            Rejected: more of a SKU than the order has, a cancelled order, or a document without its marker.
        """
        ...
