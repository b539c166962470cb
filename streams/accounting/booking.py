"""A booking: what one event moves between roles, before a role has an account. Its debits equal its credits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from schemas.canonical.sale import TenderKind

ZERO = Decimal(0)


class Role(StrEnum):
    """What money is; each is a key of `schemas.documents.Accounts`."""

    SALES = "sales"
    DISCOUNTS = "discounts"
    SHIPPING = "shipping"
    SURCHARGES = "surcharges"
    TAX = "tax"
    DEPOSITS = "deposits"
    GIFT_CARDS = "gift_cards"
    STORE_CREDIT = "store_credit"
    REWARD_POINTS = "reward_points"
    REFUNDS = "refunds"
    GATEWAY_FEES = "gateway_fees"
    BANK = "bank"
    CARD = "card"
    OFFLINE = "offline"
    OTHER = "other"


TENDERS: dict[TenderKind, Role] = {
    TenderKind.CARD: Role.CARD,
    TenderKind.OFFLINE: Role.OFFLINE,
    TenderKind.GIFT_CARD: Role.GIFT_CARDS,
    TenderKind.STORE_CREDIT: Role.STORE_CREDIT,
    TenderKind.REWARD_POINTS: Role.REWARD_POINTS,
    TenderKind.OTHER: Role.OTHER,
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Money on one side of a booking.

    Attributes:
        amount: a debit above zero, a credit below.
        code: the jurisdiction's, for tax; empty otherwise.
    """

    role: Role
    amount: Decimal
    code: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """What one event moves.

    Attributes:
        name: what a person calls it: ``shipment 000000007``.
        at: when it happened; with the location it decides the business date.
    """

    name: str
    at: datetime
    location: str
    currency: str
    movements: tuple[Movement, ...]

    def __post_init__(self) -> None:
        """Raises ValueError unless debits equal credits."""
        left = sum((movement.amount for movement in self.movements), ZERO)
        if left:
            raise ValueError(f"{self.name}: debits and credits are {left} {self.currency} apart")


def against(role: Role, movements: Iterable[Movement]) -> tuple[Movement, ...]:
    """The movements that are none of zero, with whatever balances them on ``role``."""
    moved = tuple(movement for movement in movements if movement.amount)
    left = -sum((movement.amount for movement in moved), ZERO)
    return (*moved, Movement(role, left)) if left else moved
