"""What neither system says of itself: which system something comes from, and how many points it is worth."""

from __future__ import annotations

from decimal import ROUND_FLOOR

from schemas.ids import Ref
from streams.sale.exact import ZERO, exact


def source_system(ref: str) -> str:
    """The connection that a canonical entity comes from, by its ref: ``web`` of ``web:order:42``.

    Raises:
        ValueError: not a ref.
    """
    return Ref.parse(ref).connection


def loyalty_points(amount: object, points_per_unit: object = 1) -> int:
    """Points for an amount of money: whole ones only, none for what was given back.

    Args:
        amount: in currency units; null counts as nothing.
        points_per_unit: points for one currency unit; ``0.1`` is a point for every ten.
    """
    points = exact(amount) * exact(points_per_unit)
    return int(max(points, ZERO).to_integral_value(ROUND_FLOOR))
