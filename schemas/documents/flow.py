"""A flow document: what goes from where to where, by which mappings, in which mode."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from schemas.documents.base import Document, DocumentId, Versioned, Word
from schemas.documents.matching import Matching
from schemas.documents.validation import ValidationRule

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]*$")]
"""A field of a canonical entity: ``price``, ``consent.email``."""


class Mode(StrEnum):
    """Whether a flow may write."""

    OFF = "off"
    """It takes nothing, and what other flows make is not delivered by it. Events that no other flow takes are left
    out."""
    OBSERVE = "observe"
    """It reads, maps and previews, and writes nothing."""
    LIVE = "live"


class Aggregate(StrEnum):
    """How normalise finds the aggregate that an event belongs to, which is its key."""

    OWN = "own"
    """The entity is its own aggregate: a web order, a gift card."""
    PARENT = "parent"
    """The entity belongs to an order of the same connection: a web order's invoice or credit memo."""
    LINKED = "linked"
    """The entity tells about a linked one in another connection: a point-of-sale order about its web order."""
    CUSTOMER = "customer"
    """A customer: the web store's account where both are linked, so that what both systems tell keeps one order."""
    SKU = "sku"
    """Stock and products: the point of sale's connection and SKU."""


class Needed(StrEnum):
    """What a product needs before it is shown to customers."""

    IMAGE = "image"
    DESCRIPTION = "description"
    PRICE = "price"
    """One above zero."""


class Source(Document):
    """Where a flow's events come from."""

    system: Word
    entity: Word

    @property
    def key(self) -> tuple[str, str]:
        """System and entity."""
        return self.system, self.entity


class Each(Document):
    """Parts of an entity that are entities of their own: the shipments of a point-of-sale order.

    Attributes:
        path: JMESPath expression that gives the list of them; the mapping finds the whole as ``context('whole')``.
        id: the key of a part with its id, which need only be unique within the whole.
    """

    path: str = Field(min_length=1)
    id: str = Field(min_length=1)


class Unless(Document):
    """What a flow leaves out.

    Attributes:
        expression: JMESPath expression; the event goes no further where it is true in JMESPath's sense.
        why: for the journal: ``our own refund, come back``.
    """

    expression: str = Field(min_length=1)
    why: str = Field(min_length=1)


class Also(Document):
    """Another entity of the same source that is read because of an event, whether or not the flow takes the event.

    Attributes:
        entity: of the source.
        id: the key of the body that holds its id.
        when: JMESPath expression; it is read where that is true in JMESPath's sense.
    """

    entity: Word
    id: str = Field(min_length=1)
    when: str = Field(min_length=1)


class Hints(Document):
    """Stock hints that an event causes, one per SKU.

    Attributes:
        topic: where they go.
        side: which side's units they tell.
    """

    topic: str
    side: Literal["web", "pos"]


class Normalize(Document):
    """The first half of a flow: what becomes of a raw event.

    Attributes:
        source: system and entity of the raw topic. Several flows may take the same events.
        topic: where the canonical entity goes.
        entity: the canonical entity, as in the record's header.
        mapping: the ``in`` mapping.
        aggregate: how the key is found.
        id: the key of the body that holds the native id; a body without it is looked for under ``data``.
        whole: keys that a whole entity has; a body that lacks one is only a hint and is read again.
        thin: JMESPath expression; where it finds something, a body with all those keys is only a hint too.
        number: the key of the body with the number that a person would name, for messages.
        reads: the entity that is read where an event is a hint about another one: an order, of a shipment's notice.
        each: the parts of the entity that the flow is about, if not the entity itself.
        unless: what the flow leaves out.
        store: the key of the body with the store view, which decides the channel; without it the entity is for every
            connection that a channel joins to its own.
        location: the key of the body with the point of sale's location, which decides the channel of what is sold
            there: the first that sells from it.
        external_id: the key of the body, or path of keys, with the number of the linked entity; needed where the
            aggregate is linked.
        parent: the key of the body with the order's id; needed where the aggregate is the parent, and where what is
            linked is not the entity itself but its order.
        hints: stock hints that an event causes.
        also: another entity that is read because of an event.
    """

    source: Source
    topic: str
    entity: Word
    mapping: DocumentId
    aggregate: Aggregate = Field(strict=False)
    id: str = Field(min_length=1)
    whole: tuple[str, ...] = Field(min_length=1, strict=False)
    thin: str | None = None
    number: str = Field(min_length=1)
    reads: Word | None = None
    each: Each | None = None
    unless: Unless | None = None
    store: str | None = None
    location: str | None = None
    external_id: str | None = None
    parent: str | None = None
    hints: Hints | None = None
    also: Also | None = None

    @model_validator(mode="after")
    def _keys_of_the_aggregate(self) -> Self:
        for aggregate, key, given in (
            (Aggregate.PARENT, "parent", self.parent),
            (Aggregate.PARENT, "store", self.store),
            (Aggregate.LINKED, "external_id", self.external_id),
        ):
            if self.aggregate is aggregate and not given:
                raise ValueError(f"an aggregate '{aggregate}' needs the key '{key}'")
        return self


class Deliver(Document):
    """The second half of a flow: what is done with the canonical entity.

    Attributes:
        target: system that is written to.
        topic: canonical topic that is read.
        entity: canonical entity that is delivered, as in the record's header.
        mapping: the ``out`` mapping.
        operations: methods of the target's port, in the order in which they are called.
        confirm: canonical entity that tells the source what became of it; empty if nothing does.
        owns: fields of an entity that the target already has which this flow may write; all others are the target's.
        match: which of the target's customers one is that has no counterpart there yet.
        enable_if: what a product that the flow has made needs, so that the flow enables it, once; if empty, a person
            enables it.
    """

    target: Word
    topic: str
    entity: Word
    mapping: DocumentId
    operations: tuple[Word, ...] = Field(min_length=1, strict=False)
    confirm: Word | None = None
    owns: tuple[FieldName, ...] = Field(default=(), strict=False)
    match: Matching | None = None
    enable_if: tuple[Annotated[Needed, Field(strict=False)], ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _enables_what_it_owns(self) -> Self:
        if self.enable_if and "active" not in self.owns:
            raise ValueError("`enable_if` needs `active` in `owns`: else enabling is the web team's")
        return self


class FlowDocument(Versioned):
    """One way through the pipeline.

    Attributes:
        normalize: makes the canonical entity; a flow without it delivers what another flow makes.
        deliver: writes it to the target.
        rules: what must hold of the canonical entity; checked where it is made, so they need ``normalize``.
    """

    kind: Literal["flow"]
    mode: Mode = Field(default=Mode.OBSERVE, strict=False)
    normalize: Normalize | None = None
    deliver: Deliver
    rules: tuple[ValidationRule, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _rules_have_something_to_check(self) -> Self:
        if self.rules and self.normalize is None:
            raise ValueError("rules are checked where an entity is made: put them into the flow that makes it")
        ids = [rule.id for rule in self.rules]
        twice = next((rule for rule in ids if ids.count(rule) > 1), None)
        if twice is not None:
            raise ValueError(f"there are two rules '{twice}'")
        return self
