"""Weights and lengths in the unit that the other system keeps, and rounding."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from streams.sale.exact import SMALLEST, exact

_MOST_PLACES = 8

_WEIGHTS = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}
"""In kilograms; pound and ounce are defined so."""

_LENGTHS = {"m": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001"), "in": Decimal("0.0254")}
"""In metres; the inch is defined so."""

_NAMES = {"lbs": "lb", "kgs": "kg", "inch": "in", "inches": "in"}
"""As Magento's ``general/locale/weight_unit`` and people write them."""


def convert(value: object, given: str, wanted: str) -> Decimal | None:
    """A weight or a length in another unit, to four decimals; null stays null.

    Args:
        value: a number, or a string with one.
        given: its unit: kg, g, lb, oz; m, cm, mm, in.
        wanted: the unit of the result.

    Raises:
        ValueError: not a number, an unknown unit, or a weight for a length.
    """
    if value is None:
        return None
    one, other = _NAMES.get(given, given), _NAMES.get(wanted, wanted)
    table = next((units for units in (_WEIGHTS, _LENGTHS) if one in units and other in units), None)
    if table is None:
        raise ValueError(f"'{given}' cannot be told in '{wanted}'")
    return (exact(value) * table[one] / table[other]).quantize(SMALLEST, ROUND_HALF_UP)


def rounded(value: object, places: int = 2) -> Decimal:
    """An amount to that many decimals, half of the last one away from zero, as both systems round money."""
    if not 0 <= places <= _MOST_PLACES:
        raise ValueError(f"{places} decimals are not between 0 and {_MOST_PLACES}")
    return exact(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
