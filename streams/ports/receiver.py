"""A receiver of events that is neither of the two systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class EventReceiver(Protocol):
    """Takes events by webhook."""

    async def post_event(self, event_id: str, subject: str, document: Mapping[str, object]) -> None:
        """Tell it of an event. A repeated one carries the same id, by which the receiver knows it.

        Args:
            event_id: of the event and its content.
            subject: what a person calls it, for messages.
            document: what the flow's ``out`` mapping made.

        Raises:
            Rejected: it does not take the event: a 4xx.
            OutcomeUnknown: it got the event, perhaps, and did not say so; it is told again.
            Transient, Throttled, Unavailable: it did not get it.
        """
        ...
