"""What the tests of normalise share: a normaliser over tables, and raw events for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from schemas.canonical import StockHint
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.channels import Channels
from streams.normalize.normalizer import Normalized, Normalizer, Untold
from streams.ports import EntityReader, Outgoing, Record
from tests.streams.sale.real_orders import CHANNEL, engine, order

SYSTEMS = {"web": "magento", "pos": "heartland"}


class KnownLinks:
    """Links from a table."""

    def __init__(self, pairs: Mapping[Ref, Ref] | None = None) -> None:
        self._pairs = dict(pairs or {})
        self.asked: list[frozenset[Ref]] = []

    async def find(self, refs: Collection[Ref], connection: str) -> Mapping[Ref, Ref]:
        self.asked.append(frozenset(refs))
        return {
            ref: self._pairs[ref] for ref in refs if ref in self._pairs and self._pairs[ref].connection == connection
        }

    async def insert(self, one: Ref, other: Ref) -> tuple[Ref, Ref]:
        raise AssertionError("normalise inserts no links")


class KnownEntities:
    """A reader from a table."""

    def __init__(self, entities: Mapping[tuple[str, str], bytes]) -> None:
        self._entities = entities

    async def read(self, entity: str, native_id: str) -> bytes | None:
        return self._entities.get((entity, native_id))


def normalizer(
    links: Mapping[Ref, Ref] | None = None, readers: Mapping[str, EntityReader] | None = None, **channel: Any
) -> Normalizer:
    channels = Channels([CHANNEL.model_copy(update=channel)])
    return Normalizer(engine(), channels, KnownLinks(links), readers or {}, SYSTEMS)


async def event(
    body: object,
    *,
    system: str = "magento",
    entity: str = "order",
    native_id: str = "4",
    via: Via = Via.WEBHOOK,
    by: Normalizer | None = None,
    told: Untold | None = None,
    approved: str = "",
) -> Normalized:
    connection = {"magento": "web", "heartland": "pos"}.get(system, "other")
    envelope = Envelope("r1", connection, system, entity, native_id, 1_000, via=via)
    value = body if isinstance(body, bytes) else orjson.dumps(body)
    record = Record(f"raw.{system}.{entity}", 3, 17, native_id.encode(), value, tuple(envelope.to_headers()), 1_000)
    return await (by or normalizer()).normalize(record, envelope, told, approved)


def envelope_of(outgoing: Outgoing) -> Envelope:
    return Envelope.from_headers(list(outgoing.headers))


def hints_of(normalized: Normalized) -> dict[str, StockHint]:
    hints = [StockHint.model_validate_json(out.value) for out in normalized.outgoing if out.topic == "hint.stock"]
    return {hint.sku: hint for hint in hints}


def order_to(country: str, **changes: Any) -> dict[str, Any]:
    placed = order("order_complete", **changes)
    assignment = placed["extension_attributes"]["shipping_assignments"][0]
    assignment["shipping"]["address"]["country_id"] = country
    return placed
