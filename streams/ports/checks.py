"""What the last check of each kind has found: commands keep it, and the poller tells it to those who watch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CheckNumber:
    """How many of something were found.

    Attributes:
        about: of what: the connection, and what else tells one number of a check from another.
        count: how many.
    """

    about: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check ended.

    Attributes:
        check: ``balance``, ``doctor``, or what ``reconcile`` compares.
        ended_at: when it did.
        failed: whether there is something to mend.
        numbers: what it counted, zeros among them; each ``about`` once.
    """

    check: str
    ended_at: datetime
    failed: bool
    numbers: tuple[CheckNumber, ...] = ()


class Checks(Protocol):
    """The last result of each check."""

    async def keep(self, result: CheckResult) -> None:
        """Keep it in the place of the last one of its check, unless that ended later; durable on return."""
        ...

    async def last(self) -> Sequence[CheckResult]:
        """The last result of each check, by name."""
        ...
