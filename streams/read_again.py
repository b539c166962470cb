"""A hint of our own: an entity is read again as its system has it now, and told like any other event."""

from __future__ import annotations

from dataclasses import replace

import orjson

from schemas.documents.flow import Normalize
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.keys import key_of
from streams.ports import Outgoing
from streams.topics import raw

ASKED_AGAIN = "r"
"""Suffix of the receipt of a hint that lets an entity be read again."""


def asked_again(envelope: Envelope, keys: Normalize, entity: Ref, known: str = "") -> Outgoing:
    """A hint, as a child of ``envelope``, that lets normalise read an entity of that source as it is now.

    It goes through the whole pipe like any other event, and its telling comes back on the lane of its aggregate, with
    what was ``known`` when it was asked for.
    """
    source = keys.source
    child = envelope.child(ASKED_AGAIN, entity=source.entity, native_id=entity.native_id, flow="")
    return _hint(
        replace(child, connection=entity.connection, system=source.system, via=Via.READ_AGAIN, known=known), keys
    )


def hint_to_read(receipt_id: str, received_ms: int, keys: Normalize, entity: Ref) -> Outgoing:
    """Such a hint, with a receipt of its own."""
    source, native_id = keys.source, entity.native_id
    envelope = Envelope(
        receipt_id, entity.connection, source.system, source.entity, native_id, received_ms, Via.READ_AGAIN
    )
    return _hint(envelope, keys)


def _hint(envelope: Envelope, keys: Normalize) -> Outgoing:
    native_id = envelope.native_id
    body = orjson.dumps({keys.id: native_id})
    key = key_of(envelope.connection, native_id)
    return Outgoing(raw(envelope.system, envelope.entity), key, body, envelope.to_headers())
