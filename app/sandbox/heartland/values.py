"""Amounts, quantities and moments as the API's JSON has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson

Json = dict[str, Any]

CENT = Decimal("0.01")
ZERO = Decimal(0)
MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)$", re.ASCII)


def cents(value: Decimal) -> Decimal:
    """Rounded to the cent, half a cent upwards."""
    return value.quantize(CENT, ROUND_HALF_UP)


def decimal(value: object) -> Decimal:
    """A JSON number, or a decimal that a column holds as text; nothing is zero."""
    return ZERO if value is None else Decimal(str(value))


def text(value: Decimal) -> str:
    """A decimal for a column: plain digits, without zeros at its end."""
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def read_moment(value: str) -> str:
    """A moment with a zone as UTC with microseconds. Raises ValueError for anything else."""
    if not MOMENT.match(value):
        raise ValueError("is not a date and time with a zone (2026-08-31T12:00:00Z)")
    try:
        return write_moment(datetime.fromisoformat(value).astimezone(UTC))
    except OverflowError:
        raise ValueError("is out of range") from None


def write_moment(moment: datetime) -> str:
    """UTC with microseconds, of constant length, so that text sorts as time."""
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{plain.isoformat(timespec='microseconds')}Z"


def dump(value: object) -> bytes:
    """JSON; a decimal becomes a number, a whole one without a fraction."""
    return orjson.dumps(value, default=_number)


def load(document: str | bytes) -> Json:
    """A stored document; its numbers are floats or ints again, read them with `decimal`."""
    found: Json = orjson.loads(document)
    return found


def _number(value: object) -> int | float:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} is not JSON")
    return int(value) if value == value.to_integral_value() else float(value)
