"""When what a canonical entity tells of happened. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, runtime_checkable

from schemas.canonical import Canonical, Sale
from schemas.canonical.gift_card_redemption import GiftCardRedemption
from schemas.canonical.payment import Payment
from schemas.canonical.refund import Refund
from schemas.canonical.shipment import Shipment
from schemas.canonical.stock import Stock
from schemas.canonical.ticket import Ticket


@runtime_checkable
class _Kept(Protocol):
    """What only has a present state: a customer, a product, an order's status."""

    @property
    def updated_at(self) -> datetime: ...


def happened_at(entity: Canonical) -> datetime:
    """When it happened, whatever was told of it later: an order and what its gift
    cards pay when it was placed, a customer at the last change.

    Raises:
        TypeError: an entity that tells no time.
    """
    match entity:
        case Sale():
            return entity.placed_at
        case Payment():
            return entity.at
        case GiftCardRedemption():
            return entity.placed_at or entity.updated_at
        case Refund():
            return entity.refunded_at
        case Shipment():
            return entity.shipped_at
        case Ticket():
            return entity.sold_at
        case Stock():
            return entity.read_at
        case _Kept():
            return entity.updated_at
        case _:
            raise TypeError(f"{type(entity).__name__} does not tell when it happened")
