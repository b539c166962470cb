"""What the orders are worth that are under way to a point of sale: pure, from records and where they wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import orjson

from schemas.envelope import Envelope, EnvelopeError
from streams.ports import HoldReason

ORDER = "order"
QUEUED = "queued"
"""Where an order waits that Kafka has and deliver has not finished; what is held waits for its reason."""

Spot = tuple[int, int]
"""Partition and offset in the topic of sales."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What one telling of an order says that it is worth.

    Attributes:
        order: its key, by which tellings of one order are known.
        amount: its total as it was placed, in the currency.
    """

    order: bytes
    currency: str
    amount: Decimal


def worth_of(key: bytes, headers: Iterable[tuple[str, bytes]], body: bytes, target: str) -> Worth | None:
    """What a record of a sale is worth; None if it is no order for that target, or cannot be read as one."""
    try:
        envelope = Envelope.from_headers(headers)
        if envelope.entity != ORDER or not envelope.is_for(target):
            return None
        sale = orjson.loads(body)
        return Worth(key, str(sale["currency"]), Decimal(str(sale["totals"]["total"])))
    except (EnvelopeError, ValueError, KeyError, TypeError, InvalidOperation):
        return None


def in_flight(
    queued: Mapping[Spot, Worth], held: Mapping[Spot, tuple[HoldReason, Worth]]
) -> Mapping[tuple[str, str], Decimal]:
    """Amounts by currency and where they wait. The newest telling of each order counts, alone."""
    waits: dict[Spot, tuple[str, Worth]] = {spot: (QUEUED, worth) for spot, worth in queued.items()}
    waits |= {spot: (reason.value, worth) for spot, (reason, worth) in held.items()}
    newest = {worth.order: (where, worth) for _, (where, worth) in sorted(waits.items())}
    found: dict[tuple[str, str], Decimal] = {}
    for where, worth in newest.values():
        place = (worth.currency, where)
        found[place] = found.get(place, Decimal(0)) + worth.amount
    return found
