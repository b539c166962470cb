"""Flows that stand still until a person resumes them, and the port that every worker of a group reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FlowStop:
    """One flow that is stopped.

    Attributes:
        group: consumer group of the stage that stopped it.
        flow: id of the flow document.
        target: connection that the stage writes to; empty if it writes to none.
        at: when it was stopped; with the three above it names the stop.
        reason: what failed, with an example, for the operator.
    """

    group: str
    flow: str
    target: str
    at: datetime
    reason: str


class Stops(Protocol):
    """Stops are durable, so that a restart stays stopped, and shared, so that a group stops as one."""

    async def stop(self, stop: FlowStop) -> None:
        """Stop a flow of a group; durable on return. One that is stopped already keeps its earlier stop."""
        ...

    async def current(self, group: str | None = None) -> Sequence[FlowStop]:
        """What is stopped now, of a group or of all, oldest first."""
        ...

    async def resume(self, stop: FlowStop, *, by: str, reason: str) -> bool:
        """End exactly that stop; who did it and why is kept. False if it has ended already."""
        ...
