"""A table document: what one system calls a thing, and what another calls it, for every mapping that needs it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from schemas.documents.base import Versioned

Unknown = Literal["refuse", "keep"]
"""What becomes of a key that a table lacks."""


class TableDocument(Versioned):
    """A look-up table that mappings share: tender types, carriers, regions. A user's file with its id replaces it.

    Attributes:
        rows: key → value.
        any_case: keys are compared without case and without white space around them, as people type names.
        unknown: a key without a row is refused, unless the rule has a default; or kept as it is.
    """

    kind: Literal["table"]
    rows: dict[str, JsonValue]
    any_case: bool = False
    unknown: Unknown = Field(default="refuse")

    @model_validator(mode="after")
    def _can_answer(self) -> Self:
        if not self.rows and self.unknown == "refuse":
            raise ValueError("a table without rows refuses every key: give it rows, or 'unknown: keep'")
        if self.any_case:
            folded = [folded_key(key) for key in self.rows]
            twice = next((key for key in folded if folded.count(key) > 1), None)
            if twice is not None:
                raise ValueError(f"the row '{twice}' stands twice, since 'any_case' is set")
        return self


def folded_key(key: str) -> str:
    """A key as tables with ``any_case`` compare it."""
    return " ".join(key.casefold().split())
