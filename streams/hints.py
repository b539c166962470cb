"""A stock hint as inventory takes it: keyed by point of sale and SKU, whoever gives it."""

from __future__ import annotations

from schemas.canonical import StockHint
from schemas.envelope import Envelope
from streams.keys import key_of
from streams.ports import Outgoing
from streams.topics import HINT_STOCK


def stock_hint(connection: str, hint: StockHint, envelope: Envelope, *, topic: str = HINT_STOCK) -> Outgoing:
    """The record of a hint about a SKU of that point of sale."""
    return Outgoing(topic, key_of(connection, hint.sku), hint.model_dump_json().encode(), envelope.to_headers())
