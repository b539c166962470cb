"""What ``connect`` did, item by item, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Did(StrEnum):
    """What was done about an item. The values are stable: the metric carries them."""

    KEPT = "kept"
    """It is as it should be."""
    CREATED = "created"
    REPLACED = "replaced"
    """It was there and not as it should be."""
    REMOVED = "removed"
    LEFT = "left"
    """Nothing can or need be done here; the message says why, and what a person may do."""


@dataclass(frozen=True, slots=True)
class Done:
    """One item.

    Attributes:
        connection: of the system that has it.
        item: what it is: ``webhook https://…``.
        did: what was done, or in a dry run would be.
        why: what was found.
    """

    connection: str
    item: str
    did: Did
    why: str

    @property
    def changes(self) -> bool:
        """Whether the system is other than before."""
        return self.did not in (Did.KEPT, Did.LEFT)
