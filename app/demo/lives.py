"""What shall become of each web order after it was placed: decided once, so that no two hands pull at one order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Fate(StrEnum):
    """How an order goes on."""

    WHOLE = "whole"
    """It is packed at the point of sale and leaves at once, without a tracking number."""
    PARCELS = "parcels"
    """It leaves the point of sale in parcels with a number each."""
    LATE_NUMBER = "late number"
    """It leaves at once, and its number comes later."""
    WEB = "web"
    """It is packed in the web store, for a location that packs there."""
    CANCELED = "canceled"
    """The web team cancels it before anybody packs it."""


@dataclass(slots=True)
class Life:
    """One web order.

    Attributes:
        order_id: the web store's.
        pays_later: its invoice comes by and by, perhaps in two parts.
        refundable: money of it may go back: it is or will be paid, and not by a gift card.
    """

    order_id: str
    number: str
    fate: Fate
    pays_later: bool = False
    refundable: bool = False


@dataclass(slots=True)
class Lives:
    """All orders that the shop still does something with.

    Attributes:
        known: by number.
        canceling, packing, invoicing: wait for the web team.
        numbers: left without a number, which comes next: (point of sale's id, order).
        gone: left; some of it may come back.
    """

    known: dict[str, Life] = field(default_factory=dict)
    canceling: deque[Life] = field(default_factory=deque)
    packing: deque[Life] = field(default_factory=deque)
    invoicing: deque[Life] = field(default_factory=deque)
    numbers: deque[tuple[str, Life]] = field(default_factory=deque)
    gone: deque[tuple[str, Life]] = field(default_factory=deque)

    def begin(self, life: Life) -> None:
        """An order was placed."""
        self.known[life.number] = life
        if life.fate is Fate.CANCELED:
            self.canceling.append(life)
        elif life.fate is Fate.WEB:
            self.packing.append(life)
        if life.pays_later:
            self.invoicing.append(life)

    def fate_of(self, number: str) -> Fate:
        """What shall become of it; one that nobody remembers leaves whole."""
        life = self.known.get(number)
        return Fate.WHOLE if life is None else life.fate
