"""Since when each flow writes, and the port that keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class Way(NamedTuple):
    """One way that a flow goes; each is launched by itself.

    Attributes:
        flow: id of the flow document.
        source: connection that tells what happened.
        target: connection that is written to.
    """

    flow: str
    source: str
    target: str

    def __str__(self) -> str:
        """For a person: ``order from web to pos``."""
        return f"{self.flow} from {self.source} to {self.target}"


@dataclass(frozen=True, slots=True)
class Cutover:
    """A way that was launched.

    Attributes:
        at: what happened before stays as it is, what happens from then on is written.
        launched_at: when a person said so.
    """

    way: Way
    at: datetime
    launched_at: datetime
    launched_by: str


class Cutovers(Protocol):
    """What is launched is durable and the same for all workers. A way that is not there only observes."""

    async def launch(self, way: Way, at: datetime, *, by: str) -> Cutover:
        """Let a way write what happens at ``at`` or later; durable on return. A launched one gets the new instant."""
        ...

    async def undo(self, way: Way, *, by: str) -> bool:
        """Let a way only observe again; who did it is kept. False if it did already."""
        ...

    async def current(self) -> Sequence[Cutover]:
        """What is launched now, by flow, source and target."""
        ...
