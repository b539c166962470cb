"""Whether a target is up: a circuit breaker that pauses what is sent and finds out with a few probes when to go on.

Times are monotonic seconds. Pure: whoever waits does so elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """Where a breaker stands; the number is the metric's."""

    CLOSED = 0
    """Everything goes."""
    HALF_OPEN = 1
    """One turn at a time goes, to find out."""
    OPEN = 2
    """The target is down: nothing goes until the next probe."""
    STOPPED = 3
    """The target refuses our credentials: a person must mend them; a probe goes now and then."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a breaker opens, and how it finds back.

    Attributes:
        in_a_row: failures without a success between them that open it.
        window: latest results that are looked at together,
        failed: and how many of them open it if they failed,
        subjects: of at least so many orders or SKUs: one that fails again and again is no outage.
        first_probe, longest_probe: seconds; a probe comes after a random part of a time that doubles from the first to
            the longest, and never before the first.
        stopped_probe: seconds between probes while credentials are refused.
        successes: of probes, in a row, that close it.
    """

    in_a_row: int = 5
    window: int = 20
    failed: int = 10
    subjects: int = 3
    first_probe: float = 1.0
    longest_probe: float = 30.0
    stopped_probe: float = 60.0
    successes: int = 3


class Breaker:
    """Judges the results it is told.

    Args:
        chance: numbers from 0 to 1, for full jitter.
        limits: see there.
    """

    def __init__(self, chance: Callable[[], float], limits: Limits | None = None) -> None:
        self.state = State.CLOSED
        self.reason = ""
        """What was told last against the target, for the operator; empty while closed."""
        self._chance = chance
        self._limits = limits or Limits()
        self._results: deque[str | None] = deque(maxlen=self._limits.window)  # the subject of a failure, or None
        self._in_a_row = 0
        self._openings = 0  # in a row, without having closed
        self._successes = 0
        self._probing = False
        self._probe_at = 0.0

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking again whether a turn may go; 0 if one may go now."""
        if self.state is State.CLOSED:
            return 0.0
        if self._probing:
            return self._limits.first_probe
        return max(0.0, self._probe_at - now)

    def enter(self) -> bool:
        """A turn goes, which `wait` allows just now. True if it is a probe: `leave` must be told when it has ended."""
        if self.state is State.CLOSED:
            return False
        self._probing = True
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN
        return True

    def leave(self) -> None:
        """A probe has ended. One that told nothing (it found nothing to send) makes room for the next at once."""
        self._probing = False

    def succeeded(self) -> None:
        """The target answered."""
        self._results.append(None)
        self._in_a_row = 0
        if self.state is State.CLOSED or not self._probing:
            return  # answers to what went before it opened prove nothing
        self.state = State.HALF_OPEN
        self._successes += 1
        if self._successes >= self._limits.successes:
            self._close()

    def failed(self, reason: str, subject: str, now: float, *, down: bool = True) -> None:
        """The target did not answer, or said that it cannot.

        Args:
            reason: for the operator.
            subject: order or SKU that was asked for.
            now: the present moment.
            down: False if it may be for this subject alone (a 500): then only many subjects open it.
        """
        self._results.append(subject)
        self._in_a_row += down
        if self.state is State.CLOSED:
            if self._in_a_row >= self._limits.in_a_row or self._many_failed():
                self._open(reason, now)
        elif self.state is not State.OPEN and self._probing:
            self._open(reason, now)

    def stopped(self, reason: str, now: float) -> None:
        """The target refuses our credentials, or a right is missing."""
        self.state, self.reason = State.STOPPED, reason
        self._successes = 0
        self._probe_at = now + self._limits.stopped_probe

    def _many_failed(self) -> bool:
        subjects = [subject for subject in self._results if subject is not None]
        enough = len(self._results) == self._limits.window and len(subjects) >= self._limits.failed
        return enough and len(set(subjects)) >= self._limits.subjects

    def _open(self, reason: str, now: float) -> None:
        limits = self._limits
        longest = min(limits.longest_probe, limits.first_probe * 2.0 ** min(self._openings + 1, 30))
        self.state, self.reason = State.OPEN, reason
        self._successes = 0
        self._openings += 1
        self._probe_at = now + max(limits.first_probe, self._chance() * longest)

    def _close(self) -> None:
        self.state, self.reason = State.CLOSED, ""
        self._results.clear()
        self._in_a_row = self._openings = self._successes = 0
