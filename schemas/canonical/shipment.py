"""A shipment: pieces of a sale that left a location, or wait there for the customer."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.canonical.base import Canonical
from schemas.canonical.part import PartOfLine, PartOfSale


class Track(Canonical):
    """A parcel's number with its carrier. Magento refuses a track without a number.

    Attributes:
        carrier: the carrier's code in lower case; one that neither side knows is ``custom``.
        title: the carrier as the customer reads it.
    """

    carrier: str = Field(min_length=1)
    title: str = ""
    number: str = Field(min_length=1)


class ShipmentLine(PartOfLine):
    """Pieces in a shipment. Virtual lines are in none."""


class Shipment(PartOfSale):
    """Pieces that left one location; a sale has as many as it takes.

    A shipment without a track is whole: the track comes later, under the same ref with a later ``updated_at``.

    Attributes:
        location: the point of sale's location that it left; its MSI source is the channel's matter. Required, because
            without a source Magento takes the goods off the default one.
        lines: always explicit, because Magento ships everything left for none. Only an order that is ready for pickup
            may leave them out: the store has all of it.
        completes: nothing of the sale is left to ship after it, as its system tells it.
        ready_for_pickup: it waits in the store for the customer, who chose to collect it there.
        shipped_at: when it left; of a pickup, when it was made ready.
    """

    schema_version: Literal[1] = 1
    location: str = Field(min_length=1)
    lines: tuple[ShipmentLine, ...] = ()
    tracks: tuple[Track, ...] = ()
    completes: bool = False
    ready_for_pickup: bool = False
    shipped_at: AwareDatetime

    @model_validator(mode="after")
    def _says_what_is_in_it(self) -> Self:
        if not self.lines and not self.ready_for_pickup:
            raise ValueError("it names no lines, which would ship everything that is left")
        return self
