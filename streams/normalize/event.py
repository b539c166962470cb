"""A raw event with everything that is known of it before it is mapped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.envelope import Envelope
from schemas.ids import Ref


@dataclass(frozen=True, slots=True)
class Event:
    """One entity as its system tells it.

    Attributes:
        envelope: of the raw record.
        body: the whole entity.
        ref: which one it is.
        subject: its number, as a person would name it.
        approved: id of the validation rule for which it was in review, if a person lets it go on; else empty.
    """

    envelope: Envelope
    body: Mapping[str, Any]
    ref: Ref
    subject: str
    approved: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes one canonical entity: the event's entity itself, or a part of it.

    Attributes:
        name: suffix of the receipt of a part; empty for the entity itself.
        context: what the mapping is told of the whole.
    """

    ref: Ref
    body: Mapping[str, Any]
    name: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
