"""A mapping document: how one entity of one system becomes another shape, rule by rule."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from schemas.documents.base import Document, DocumentId, Versioned, Word

SOURCES = ("from", "value", "expression")
"""A rule has exactly one of these."""


class Rule(Document):
    """One target key and where its value comes from.

    The steps run in the order when, source, lookup, each or mapping, transform, default. A rule whose result is null
    sets nothing, unless it is required: then it is an error.

    Attributes:
        to: target key; dots make nested objects (``customer.email``).
        source_path: ``from`` in YAML: a JMESPath expression without our functions.
        value: a constant.
        expression: a JMESPath expression that may call our functions.
        when: an expression; the rule is skipped where its result is false in JMESPath's sense.
        default: used where the result is null, or where the lookup table lacks the key.
        transform: name of a function of one argument that the result goes through.
        lookup: name of a table of the document, or id of a shared one, in which the result is the key.
        each: rules that make an object of every element of the result: a list, or an object whose keys are kept.
        mapping: id of a mapping of the same system and direction that makes an object of the result, or of every
            element where the result is a list. An object that gets nothing is null: there was no address.
        by: an expression on an element of the list; its object stands under that key, and the result is an object.
        required: a null result is an error.
    """

    to: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
    source_path: str | None = Field(default=None, alias="from", min_length=1)
    value: JsonValue = None
    expression: str | None = Field(default=None, min_length=1)
    when: str | None = Field(default=None, min_length=1)
    default: JsonValue = None
    transform: str | None = None
    lookup: DocumentId | None = None
    each: tuple[Rule, ...] = Field(default=(), strict=False)
    mapping: DocumentId | None = None
    by: str | None = Field(default=None, min_length=1)
    required: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = self.model_fields_set & {"source_path", "value", "expression"}
        if len(given) != 1:
            named = " and ".join(sorted(name.replace("source_path", "from") for name in given)) or "none"
            raise ValueError(f"the rule for '{self.to}' needs exactly one of from, value, expression; it has {named}")
        return self

    @model_validator(mode="after")
    def _one_inside(self) -> Self:
        if self.each and self.mapping is not None:
            raise ValueError(f"the rule for '{self.to}' has each and mapping, of which only one can make its objects")
        if self.by is not None and not self.each and self.mapping is None:
            raise ValueError(f"the rule for '{self.to}' has by, which needs each or mapping")
        return self

    @property
    def has_default(self) -> bool:
        """True if the document names a default, null included."""
        return "default" in self.model_fields_set


class MappingDocument(Versioned):
    """How one entity of one system is read (``in``: to canonical) or written (``out``: to the target's shape).

    Attributes:
        system: whose dialect is on the other side of the canonical shape.
        entity: the entity in the words of our topics (``order``, ``order_status``, ``stock``).
        tables: look-up tables of its own: name → key → value. Those that mappings share are `TableDocument`s.
    """

    kind: Literal["mapping"]
    system: Word
    entity: Word
    direction: Literal["in", "out"]
    tables: dict[Word, dict[str, JsonValue]] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(min_length=1, strict=False)

    @field_validator("tables")
    @classmethod
    def _tables_have_rows(cls, tables: dict[str, dict[str, JsonValue]]) -> dict[str, dict[str, JsonValue]]:
        for name, rows in tables.items():
            if not rows:
                raise ValueError(f"the table '{name}' is empty")
        return tables
