"""A hint of our own: an entity is read again as its system has it now, and told like any other event."""

from __future__ import annotations

from dataclasses import replace

import orjson

from schemas.documents.flow import Normalize
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.ports import Outgoing
from streams.topics import raw

ASKED_AGAIN = "r"
"""Suffix of the receipt of a hint that lets an entity be read again."""


def asked_again(envelope: Envelope, keys: Normalize, entity: Ref) -> Outgoing:
    """A hint, as a child of ``envelope``, that lets normalise read an entity of that source as it is now.

    It goes through the whole pipe like any other event, and its telling comes back on the lane of its aggregate.
    """
    source = keys.source
    child = envelope.child(ASKED_AGAIN, entity=source.entity, native_id=entity.native_id, flow="")
    hint = replace(child, connection=entity.connection, system=source.system, via=Via.READ_AGAIN)
    body = orjson.dumps({keys.id: entity.native_id})
    return Outgoing(raw(source.system, source.entity), entity.native_id.encode(), body, hint.to_headers())
