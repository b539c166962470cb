"""Oversold pieces: sold in store and online, and not there for both. They wait for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class WayOut(StrEnum):
    """What a person does about an oversell."""

    OTHER_LOCATION = "other-location"
    """Another location ships the piece."""
    BACKORDER = "backorder"
    """The customer waits until there is one."""
    CANCEL_AND_REFUND = "cancel-and-refund"


@dataclass(frozen=True, slots=True)
class Oversell:
    """What a location owes web orders of one SKU and does not have.

    Attributes:
        missing: pieces too few.
        on_hand, held: pieces there, and those of them that other sales of the point of sale hold.
        orders: refs of the web orders that wait for pieces there, the newest first.
        elsewhere: pieces that other locations have free.
        changed_at: when the location's stock changed last, which is by the sale in store; None if it is not told.
    """

    location: str
    missing: Decimal
    on_hand: Decimal
    held: Decimal
    orders: tuple[str, ...]
    elsewhere: Mapping[str, Decimal]
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OversoldSku:
    """An oversell as it is kept.

    Attributes:
        sku: of the point of sale `connection`.
        found_at: when it was first seen.
        ended_at: when it was seen to be over, because stock came or the orders went; None until then.
        way: what a person has decided; None while it waits for one.
    """

    number: int
    connection: str
    sku: str
    oversell: Oversell
    found_at: datetime
    ended_at: datetime | None = None
    way: WayOut | None = None
    decided_by: str = ""
    reason: str = ""

    @property
    def waits(self) -> bool:
        """True while a person must look at it."""
        return self.ended_at is None and self.way is None


class Oversells(Protocol):
    """What is oversold. One of a SKU at a location is one number until it is over, however often it is found."""

    async def keep(self, connection: str, sku: str, found: Sequence[Oversell], read_at: datetime) -> None:
        """Exactly these are what is oversold of the SKU by the reading of that time; durable on return.

        Others of it have ended. An older reading than the last one changes nothing. One that has grown waits for a
        person again.
        """
        ...

    async def waiting(self) -> Sequence[OversoldSku]:
        """Those that wait for a person, oldest first."""
        ...

    async def get(self, number: int) -> OversoldSku | None:
        """One by its number, over or not; None if there is none."""
        ...

    async def decide(self, number: int, way: WayOut, *, by: str, reason: str) -> bool:
        """Keep what a person does about it. Returns False if it is over, or there is none of that number."""
        ...
