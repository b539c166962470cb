"""Whether a telling of an entity is news: a pure comparison with the revision that was applied last.

This is the one place that decides it; no stage remembers what it has seen. A revision that comes back after another one
is applied again: stock of 5, 4 and 5 is three changes. What comes back of our own writes has the content that was
applied, whatever its time, and ends here as unchanged.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto

import orjson

from schemas.documents import FlowDocument
from schemas.envelope import Envelope, Via
from schemas.ids import Ref
from streams.ports import Outgoing, Revision
from streams.topics import raw

ASKED_AGAIN = "r"
"""Suffix of the receipt of a hint that lets an entity be read again."""


class Verdict(Enum):
    """What to do with a telling."""

    APPLY = auto()
    UNCHANGED = auto()
    """What it tells is applied already: a repeat, or the echo of our own write. Its time counts from now on, or a
    telling from between the two would pass for newer."""
    STALE = auto()
    """A newer revision is applied."""
    READ_AGAIN = auto()
    """As new as what is applied, and different: only its system knows which came last."""


def judge(told: Revision, applied: Revision | None, *, read_again: bool = False) -> Verdict:
    """Compare a telling with what was applied last.

    Args:
        told: the telling.
        applied: None if nothing was.
        read_again: it was read because of READ_AGAIN, so it is how things stand.
    """
    if applied is None:
        return Verdict.APPLY
    if told.updated_at < applied.updated_at:
        return Verdict.STALE
    if told.content == applied.content:
        return Verdict.UNCHANGED
    if told.updated_at == applied.updated_at and not read_again:
        return Verdict.READ_AGAIN
    return Verdict.APPLY


def asked_again(envelope: Envelope, flow: FlowDocument, entity: Ref) -> Outgoing:
    """A hint, as a child of ``envelope``, that lets normalise read an entity of the flow's source as it is now.

    It goes through the whole pipe like any other event, and its telling comes back on the lane of its aggregate.
    """
    keys = flow.normalize
    if keys is None:
        raise ValueError(f"the flow '{flow.id}' takes no entities that could be read again")
    source = keys.source
    child = envelope.child(ASKED_AGAIN, entity=source.entity, native_id=entity.native_id, flow="")
    hint = replace(child, connection=entity.connection, system=source.system, via=Via.READ_AGAIN)
    body = orjson.dumps({keys.id: entity.native_id})
    return Outgoing(raw(source.system, source.entity), entity.native_id.encode(), body, hint.to_headers())
