"""What flow and mapping documents share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

DocumentId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", max_length=64)]
"""Lower-case words, joined by dots: ``magento.order.in``. A user's document with a built-in's id replaces it."""

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=32)]
"""One lower-case word: the name of a system, an entity, a table."""


class Document(BaseModel):
    """Base of everything that a person may write in YAML: strict, immutable, unknown keys are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Versioned(Document):
    """A document with an identity.

    Attributes:
        id: its name in log lines, the journal and other documents.
        version: rises with every change; shown in a trace, never compared.
        description: for people.
    """

    id: DocumentId
    version: int = Field(ge=1)
    description: str = ""
