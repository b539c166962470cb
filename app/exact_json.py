"""JSON in which an amount stays the number that was written: decimals in, decimals out, never a binary float."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson


def loads(content: bytes) -> Any:
    """Parse JSON; every number with a point or an exponent becomes a Decimal, digit for digit.

    Raises:
        ValueError: not JSON, or not UTF-8.
    """
    return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)


def dumps(value: object) -> bytes:
    """Write JSON; a Decimal becomes a plain JSON number with all its digits.

    Raises:
        TypeError: a value that JSON does not have, or a Decimal that is not finite.
    """
    return orjson.dumps(value, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f").encode())
    raise TypeError(f"{value!r} cannot be written as JSON")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")
