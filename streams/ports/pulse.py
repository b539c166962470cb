"""What an HTTP client tells about the system that it talks to, request by request."""

from __future__ import annotations

from typing import Protocol


class Pulse(Protocol):
    """Hears of every real request to one system: what it costs, and whether the system is well.

    Only what the system itself did is told: no failure of the store, of Kafka, or of this process.
    """

    @property
    def paused(self) -> bool:
        """Whether the system is left alone at present: a read that failed is not tried again at once."""
        ...

    def sent(self) -> None:
        """A request goes."""
        ...

    def answered(self) -> None:
        """The system did what was asked, or said why it does not: it works."""
        ...

    def failed(self, reason: str, subject: str, *, down: bool) -> None:
        """It was not reached, did not answer in time, or said that it cannot.

        Args:
            reason: what happened, for the operator.
            subject: what was asked for.
            down: False if this may be for the subject alone.
        """
        ...

    def throttled(self, retry_after: float | None) -> None:
        """It asks for less, for so many seconds if it named them."""
        ...
