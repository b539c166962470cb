"""Real Magento orders, as many as wanted: each has one of the captured shapes and an id and number of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

DIRECTORY = Path(__file__).parents[1] / "data" / "orders"
SHAPES = (
    "order_simple_configurable_virtual_new",
    "order_discount_tax",
    "order_pickup_bopis",
    "order_virtual",
)
"""Orders as a shop sends them when they are placed: all of them go to the point of sale. None is paid by a gift card,
whose money is in a ledger that the sink does not have."""

_ID, _NUMBER = 987654321987, "@number@"
"""What stands in a shape where an order's own id and number go; in no captured order."""

_PROTECT_CODE = "9f3b1c07ae52d4886b0e71fd35c9a264"
"""32 hex digits, as Magento writes them. The captures have a row of zeros there, which the door looks at as if it were
a card number."""


def number_of(order: int) -> str:
    """What a person calls it: Magento's increment id."""
    return f"{order:09}"


def body_of(order: int) -> bytes:
    """The order's JSON, 5 to 16 KB, as a webhook carries it and as a raw topic keeps it."""
    parts = _shapes()[order % len(SHAPES)]
    return str(order).encode().join(number_of(order).encode().join(part) for part in parts)


@cache
def _shapes() -> tuple[tuple[tuple[bytes, ...], ...], ...]:
    """Each shape cut at its ids, and between them at its numbers."""
    return tuple(tuple(_cut(name)) for name in SHAPES)


def _cut(name: str) -> Iterator[tuple[bytes, ...]]:
    order: dict[str, Any] = orjson.loads((DIRECTORY / f"{name}.json").read_bytes())
    order |= {"entity_id": _ID, "increment_id": _NUMBER, "protect_code": _PROTECT_CODE}
    for part in orjson.dumps(order).split(str(_ID).encode()):
        yield tuple(part.split(_NUMBER.encode()))
