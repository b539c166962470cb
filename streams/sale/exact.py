"""Exact amounts from JSON. Magento sends money and quantities as JSON numbers with up to four decimals."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from streams.errors import Rejected

ZERO = Decimal(0)
CENT = Decimal("0.01")
SMALLEST = Decimal("0.0001")
"""The last decimal that Magento stores."""


def exact(value: object) -> Decimal:
    """The decimal that a JSON value was written as; null is zero.

    A float's shortest form is the number that stood in the JSON, so nothing is lost up to fifteen digits. Magento's
    gift-wrap amounts come as strings.

    Raises:
        ValueError: not a finite number.
    """
    if value is None or (value == 0 and value is not False):
        return ZERO
    if isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, int | str | Decimal) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is not a number") from None
    else:
        raise ValueError(f"{value!r} is not a number")  # noqa: TRY004 - one error for every unusable amount
    if not number.is_finite():
        raise ValueError(f"{value!r} is not a finite number")
    return number


def amount(node: Mapping[str, Any], name: str, subject: str) -> Decimal:
    """The amount under that key; zero if it is missing or null, which Magento means by either.

    Raises:
        Rejected: names the document, the key and the value.
    """
    try:
        return exact(node.get(name))
    except ValueError as error:
        raise Rejected(f"{subject}: {name}: {error}. Look at it in Magento, then replay", code="amount") from error


def cents(value: Decimal) -> Decimal:
    """Rounded to the cent, half a cent upwards, as both systems show it."""
    return value.quantize(CENT, ROUND_HALF_UP)
