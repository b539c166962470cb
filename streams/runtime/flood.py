"""Whether nearly everything of a flow fails: judged from its last outcomes. Pure.

One bad message costs one message. When all of them are bad, the cause lies elsewhere (a mapping, a setting, another
system's new version), and what comes must not drain into dead letters meanwhile.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

WINDOW = 200
"""Outcomes that are looked at: the last ones. Until there are so many nothing is judged, but after a resume."""
KEYS = 50
"""Keys that failures must come from: many of one order or SKU are that one's matter."""
SHARE = 0.95
"""Part of the outcomes that must have failed."""
LONGEST_MESSAGE = 500
"""Characters of a message that are kept; with the size of the window, they bound the memory."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an event ended in review.

    Attributes:
        code: a short word for grouping.
        subject: order number or SKU.
        message: for the operator.
    """

    code: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Flood:
    """Nearly everything failed.

    Attributes:
        failed, outcomes: how many, of how many.
        alike: how many of them have the commonest code.
        example: the newest of those.
    """

    failed: int
    outcomes: int
    alike: int
    example: Failure

    def __str__(self) -> str:
        """In words, with the example."""
        subject, message = self.example.subject, self.example.message
        example = message if subject in message else f"{subject}: {message}"
        return (
            f"{self.failed} of the last {self.outcomes} events failed, {self.alike} of them alike "
            f"('{self.example.code}'), such as: {example}"
        )


class Window:
    """The last outcomes of one flow in one target, each with its key.

    Args:
        least: outcomes before anything is judged; after a resume, `KEYS` are enough.
    """

    def __init__(self, *, least: int = WINDOW) -> None:
        self._least = least
        self._outcomes: deque[tuple[str, Failure | None]] = deque()
        self._failed = 0

    def __len__(self) -> int:
        return len(self._outcomes)

    def ended(self, key: str) -> None:
        """An event of that key ended as it should."""
        self._note(key, None)

    def failed(self, key: str, failure: Failure) -> Flood | None:
        """An event of that key is about to go to review. A flood if it must wait instead."""
        self._note(key, Failure(failure.code, failure.subject, failure.message[:LONGEST_MESSAGE]))
        outcomes = len(self._outcomes)
        if outcomes < self._least or self._failed < SHARE * outcomes:
            return None
        failures = [(key, failure) for key, failure in self._outcomes if failure is not None]
        if len({key for key, _ in failures}) < KEYS:
            return None
        code, alike = Counter(failure.code for _, failure in failures).most_common(1)[0]
        example = next(failure for _, failure in reversed(failures) if failure.code == code)
        return Flood(self._failed, outcomes, alike, example)

    def _note(self, key: str, failure: Failure | None) -> None:
        if len(self._outcomes) == WINDOW:
            _, oldest = self._outcomes.popleft()
            self._failed -= oldest is not None
        self._outcomes.append((key, failure))
        self._failed += failure is not None
