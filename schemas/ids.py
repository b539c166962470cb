"""Typed identity: every id carries its connection."""

from __future__ import annotations

import re
from typing import NamedTuple

CONNECTION_NAME = re.compile(r"^[a-z][a-z0-9-]{0,31}$")
"""A connection is one set of credentials; its name is a slug, so that ``connection:type:native`` splits safely."""


class Ref(NamedTuple):
    """One entity of one connection, for example ``web:order:42``.

    Attributes:
        connection: name of the connection in the settings.
        type: the entity in that system's words (``order``, ``sku``, ``inventory``).
        native_id: the id as that system gives it; it may contain colons.
    """

    connection: str
    type: str
    native_id: str

    def __str__(self) -> str:
        return f"{self.connection}:{self.type}:{self.native_id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read ``connection:type:native id``; raises ValueError for anything else."""
        parts = text.split(":", 2)
        if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - the three parts of an id
            raise ValueError(f"'{text}' is not connection:type:id")
        return cls(*parts)


class MissingLink(NamedTuple):
    """A link that something waits for.

    Attributes:
        ref: whose counterpart is missing.
        connection: where it is missing; empty for any.
        unlike: a counterpart that it has and that is wrong, such as a mistyped alias; empty if it has none.
    """

    ref: Ref
    connection: str = ""
    unlike: str = ""
