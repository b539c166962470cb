"""A validation rule of a flow: what must hold of a canonical entity, and what happens where it does not."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.documents.base import Document, Word


class Severity(StrEnum):
    """What a rule that does not hold does to the entity."""

    REJECT = "reject"
    """It is held for a person, and goes on only when it, or the rule, has been changed."""
    REVIEW = "review"
    """It is held for a person, who may let it go on as it is."""
    WARN = "warn"
    """It goes on; the journal tells."""


class ValidationRule(Document):
    """One rule, checked where the entity is made.

    Attributes:
        id: names the rule in the journal and in review, where rows are grouped by it.
        when: an expression; the rule counts only where its result is true in JMESPath's sense.
        check: an expression on the entity as JSON values; the rule holds where it is true in that sense. An amount is a
            string there: ``number(totals.total) > `0```.
        severity: what happens where it does not hold.
        message: what is wrong and what to do, for the operator; ``{totals.total}`` stands for a field of the entity,
            ``{context.channel.name}`` for what the stage knows besides.
    """

    id: Word
    when: str | None = Field(default=None, min_length=1)
    check: str = Field(min_length=1)
    severity: Severity = Field(strict=False)
    message: str = Field(min_length=1)
