"""Stock: what a hint says, what a location has, and what the other system shall hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from schemas.canonical.base import Canonical, Quantity, RefText


class LocationLevel(Canonical):
    """What the point of sale answers for one SKU at one location, and when that changed last (if it says so)."""

    location: str
    on_hand: Quantity
    committed: Quantity
    updated_at: AwareDatetime | None = None


class WebUnits(Canonical):
    """Units of one SKU in one web order, as one of the two systems last told; absolute, never a difference.

    Attributes:
        order: ref of the web order (``web:order:42``).
        location: the location that ships it.
        side: ``web`` tells all but ``committed`` and ``taken``, which ``pos`` tells.
        at: that system's ``updated_at``; an older telling never replaces a newer one.
        unshipped: left to ship in Magento: ordered - max(shipped, refunded) - canceled.
        shipped, canceled: handed over, and canceled in Magento.
        refunded: given back in Magento, whether or not goods came back.
        committed: units that Heartland counts as committed for this order.
        taken: units that Heartland has taken off its on hand for this order.
    """

    order: str
    location: str
    side: Literal["web", "pos"]
    at: AwareDatetime
    unshipped: Quantity = Decimal(0)
    shipped: Quantity = Decimal(0)
    canceled: Quantity = Decimal(0)
    refunded: Quantity = Decimal(0)
    committed: Quantity = Decimal(0)
    taken: Quantity = Decimal(0)


class Selling(Canonical):
    """Whether the point of sale sells a SKU at all, and since when it says so; an older telling changes nothing."""

    active: bool
    at: AwareDatetime


class StockHint(Canonical):
    """A cause to look at one SKU again; the key is ``connection:SKU`` of the point of sale.

    The cause ``doubt`` is a write whose effect may have come after a newer one's, ``product`` a telling about the SKU
    itself.
    """

    schema_version: Literal[3] = 3
    sku: str
    cause: Literal["webhook", "poll", "sale", "doubt", "product"]
    units: WebUnits | None = None
    selling: Selling | None = None
    location: str = ""
    changed_at: AwareDatetime | None = None
    """When the stock at ``location`` changed, if the cause tells it: a reading from before that is not news."""


class LocationStock(Canonical):
    """What a source in the web store shall hold for one location.

    ``unshipped`` are units that the web store still ships from there: each of them lowers what the source holds when it
    leaves, without our writing anything.
    """

    location: str
    quantity: Quantity
    on_hand: Quantity
    committed: Quantity
    unshipped: Quantity = Decimal(0)


class Stock(Canonical):
    """One SKU's stock in every location, read at one moment.

    Attributes:
        ref: ``connection:sku:SKU`` of the point of sale.
        sku: the point of sale's SKU.
        read_at: when the owner of the SKU's partition began to read; later readings win.
        moved: pieces that the web store has shipped, canceled and given money back for, ever: it takes them off its
            stock, or it or a person puts them back, without our writing anything.
    """

    schema_version: Literal[3] = 3
    ref: RefText
    sku: str
    read_at: AwareDatetime
    locations: tuple[LocationStock, ...]
    moved: Quantity = Decimal(0)
