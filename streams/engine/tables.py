"""Look-up tables, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.documents import TableDocument
from schemas.documents.table import folded_key


class NoRow(LookupError):
    """A table has no row for a key, and does not keep what it lacks."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        rows: key → value; keys are folded where case does not count.
        any_case: whether it does not.
        keeps: what has no row stays as it is.
    """

    rows: Mapping[str, Any]
    any_case: bool = False
    keeps: bool = False

    @classmethod
    def of(cls, document: TableDocument) -> Table:
        """The table of a document."""
        fold = document.any_case
        rows = {folded_key(key) if fold else key: value for key, value in document.rows.items()}
        return cls(rows, fold, document.unknown == "keep")

    def look_up(self, value: object) -> Any:
        """The row of that key. Raises NoRow."""
        key = folded_key(str(value)) if self.any_case else str(value)
        if key in self.rows:
            return self.rows[key]
        if self.keeps:
            return value
        raise NoRow(f"the table has no row '{key}' and the rule no default")
