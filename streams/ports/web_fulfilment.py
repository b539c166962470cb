"""Shipments of the web store, in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WebTrack:
    """A parcel's number with its carrier's code (``ups``, ``custom`` …) and name."""

    carrier: str
    title: str
    number: str


@dataclass(frozen=True, slots=True)
class WebShipmentDraft:
    """A shipment to be made of a web order.

    Attributes:
        units: pieces by the id of the order's row. Never empty: the store would ship everything left.
        source: the MSI source that the goods left. Never empty: the store would take them off the default one.
        marker: by which the shipment is found.
        comment: carries the marker.
        notify: whether the customer is written to.
    """

    order_id: str
    units: Mapping[str, Decimal]
    source: str
    marker: str
    comment: str
    tracks: tuple[WebTrack, ...] = ()
    notify: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError if something is not said that the store would guess."""
        if not self.units or not self.source:
            raise ValueError(f"the shipment of order {self.order_id} must say its rows and its source")
        if self.marker not in self.comment:
            raise ValueError(f"the shipment of order {self.order_id} has no marker in its comment")


@dataclass(frozen=True, slots=True)
class WebShipment:
    """A shipment as the web store shows it; ``units`` are pieces by the id of the order's row."""

    shipment_id: str
    order_id: str
    number: str
    source: str
    units: Mapping[str, Decimal]
    tracks: tuple[WebTrack, ...]


class WebShipments(Protocol):
    """The web store's shipments."""

    async def ship_order(self, draft: WebShipmentDraft) -> WebShipment:
        """Ship; sent once, and read back.

        Raises:
            Rejected: more than is left of a row, or more than the source holds; nothing was sent.
            Rejected: the store shipped something else than it was asked for; the message names both.
            OutcomeUnknown: nothing proves what happened, or it could not be read back.
        """
        ...

    async def shipments_of(self, order_id: str) -> Sequence[WebShipment]:
        """Every shipment of an order, the oldest first."""
        ...

    async def find_shipment(self, order_id: str, marker: str) -> WebShipment | None:
        """The order's shipment with that marker in a comment, or that number on a parcel. More than one raises
        Rejected."""
        ...

    async def add_track(self, order_id: str, shipment_id: str, track: WebTrack) -> str:
        """Put a parcel's number on a shipment; sent once. Mails nobody. Returns its id."""
        ...

    async def find_track(self, shipment_id: str, number: str) -> str | None:
        """The id of the track of that number on a shipment. More than one raises Rejected."""
        ...

    async def ready_for_pickup(self, order_id: str) -> WebShipment:
        """Tell the customer that an order waits in the store, which ships all of it there; sent once, and mails.

        If it has been told already, nothing is sent and that shipment is returned.

        Raises:
            Rejected: it is not to be picked up, was shipped in part, or the store does not have the goods.
        """
        ...

    async def find_ready(self, order_id: str) -> str | None:
        """The id of the shipment of a pickup order of which nothing is left to ship."""
        ...
