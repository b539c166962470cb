"""Taking one event in: it gets its receipt id and becomes a record of a raw topic. Webhooks and polls alike. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from app.ingress import extract
from schemas.envelope import Backfill, Envelope, Via, receipt_id
from streams.keys import key_of
from streams.ports import Outgoing
from streams.topics import raw

ENTROPY_BYTES = 10
"""Chance in a receipt id."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An event that was taken in: what the sender is told, and what goes to Kafka."""

    envelope: Envelope
    record: Outgoing


def take(
    *,
    connection: str,
    system: str,
    entity: str,
    body: bytes,
    document: object,
    via: Via,
    now_ms: int,
    entropy: bytes,
    backfill: Backfill | None = None,
) -> Receipt:
    """Give the event its receipt. One without a native id is keyed by its receipt and ends in review.

    Args:
        connection: name of the connection that it came from.
        system, entity: a pair of `streams.topics.RAW_ENTITIES`.
        body: what goes to Kafka, untouched.
        document: the body, parsed.
        via: how it came.
        now_ms: milliseconds since the epoch.
        entropy: `ENTROPY_BYTES` random bytes.
        backfill: that it comes of.
    """
    native_id = extract.native_id(system, entity, document)
    envelope = Envelope(
        receipt_id=receipt_id(now_ms, entropy),
        connection=connection,
        system=system,
        entity=entity,
        native_id=native_id,
        received_ms=now_ms,
        via=via,
        subject=extract.subject(system, entity, document),
        backfill=backfill,
    )
    key = key_of(connection, native_id or envelope.receipt_id)
    return Receipt(envelope, Outgoing(raw(system, entity), key, body, envelope.to_headers()))
