"""A flow document: what goes from where to where, by which mappings, in which mode."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.documents.base import Document, DocumentId, Versioned, Word


class Mode(StrEnum):
    """Whether a flow may write."""

    OBSERVE = "observe"
    """It reads, maps and previews, and writes nothing."""
    LIVE = "live"


class Aggregate(StrEnum):
    """How normalise finds the aggregate that an event belongs to, which is its key."""

    OWN = "own"
    """The entity is its own aggregate: a web order."""
    LINKED = "linked"
    """The entity tells about a linked one in another connection: a point-of-sale order about its web order."""
    SKU = "sku"
    """Stock: the point of sale's connection and SKU."""


class Source(Document):
    """Where a flow's events come from."""

    system: Word
    entity: Word


class Normalize(Document):
    """What normalise does with a raw event.

    Attributes:
        mapping: the ``in`` mapping.
        aggregate: how the key is found.
        id: the key of the body that holds the native id; a body without it is looked for under ``data``.
        whole: keys that a whole entity has; a body that lacks one is only a hint and is read again.
        number: the key of the body with the number that a person would name, for messages.
        store: the key of the body with the store view, which decides the channel; needed where the aggregate is own.
        external_id: the key of the body with the number of the linked entity; needed where the aggregate is linked.
    """

    mapping: DocumentId
    aggregate: Aggregate = Field(strict=False)
    id: str = Field(min_length=1)
    whole: tuple[str, ...] = Field(min_length=1, strict=False)
    number: str = Field(min_length=1)
    store: str | None = None
    external_id: str | None = None

    @model_validator(mode="after")
    def _keys_of_the_aggregate(self) -> Self:
        for aggregate, key, given in (
            (Aggregate.OWN, "store", self.store),
            (Aggregate.LINKED, "external_id", self.external_id),
        ):
            if self.aggregate is aggregate and not given:
                raise ValueError(f"an aggregate '{aggregate}' needs the key '{key}'")
        return self


class Deliver(Document):
    """What deliver does with the canonical entity.

    Attributes:
        target: system that is written to.
        topic: canonical topic that is read.
        entity: canonical entity that is delivered, as in the record's header.
        mapping: the ``out`` mapping.
        operations: methods of the target's port, in the order in which they are called.
        confirm: canonical entity that tells the source what became of it; empty if nothing does.
    """

    target: Word
    topic: str
    entity: Word
    mapping: DocumentId
    operations: tuple[Literal["create_order", "set_external_number", "add_comment", "write_source_items"], ...] = Field(
        min_length=1, strict=False
    )
    confirm: Word | None = None


class Hints(Document):
    """Stock hints that an event causes, one per SKU.

    Attributes:
        topic: where they go.
        side: which side's units they tell.
    """

    topic: str
    side: Literal["web", "pos"]


class FlowDocument(Versioned):
    """One way through the pipeline.

    Attributes:
        source: system and entity of the raw topic.
        topic: where the canonical entity goes.
        entity: canonical entity that normalise makes, as in the record's header.
    """

    kind: Literal["flow"]
    mode: Mode = Field(default=Mode.OBSERVE, strict=False)
    source: Source
    topic: str
    entity: Word
    normalize: Normalize
    deliver: Deliver
    hints: Hints | None = None
