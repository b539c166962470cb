"""What to do about an error: a pure table from the error's class to a decision.

======================  =====================================================================================
Throttled               again in the lane if the wait is short, else parked until ``retry_after`` is over
Transient               again in the lane with full jitter, then parked with growing waits, at last in review
OutcomeUnknown          again for a set-state (the current value); a create-once is parked until its look-up counts
Unavailable, AuthFailed again in the lane, without end: the lanes fill, Kafka holds, nothing moves into SQL
DependencyMissing       parked on the link, and looked at again every hour; after a day of looks in review
Rejected                in review; what a guard holds is no dead letter, a person decides on it with its list
Malformed               in review, later records of the key go on
anything else           a fault of ours: in review with its stack
======================  =====================================================================================

While the target is paused (`streams/deliver/gate.py`), what would be parked for a time stays in its lane as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.ids import MissingLink
from streams.errors import (
    AliasMissing,
    AuthFailed,
    DependencyMissing,
    Doubtful,
    Guarded,
    Malformed,
    OutcomeUnknown,
    Rejected,
    Throttled,
    TillstreamError,
    Transient,
    Unavailable,
)
from streams.ports import HoldReason


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a stage keeps trying; all times in seconds.

    Attributes:
        lane: time that one event may keep its lane before it is parked.
        first_wait, longest_lane_wait: backoff within the lane.
        longest_park: longest wait of a parked event.
        auth_wait: pause between tries while credentials are refused.
        holds: times that a passing failure is parked before it goes to review; at the longest park, about a day.
        link_look, link_looks: time between looks at something that waits for a link, and how many before it is clear
            that the link does not come by itself.
    """

    lane: float = 5.0
    first_wait: float = 0.1
    longest_lane_wait: float = 2.0
    longest_park: float = 600.0
    auth_wait: float = 15.0
    holds: int = 300
    link_look: float = 3600.0
    link_looks: int = 24


@dataclass(frozen=True, slots=True)
class Again:
    """Try again in the lane after ``wait`` seconds."""

    wait: float


@dataclass(frozen=True, slots=True)
class Park:
    """Hold, and go on by itself: at ``due_at``, or when ``waits_for`` is linked.

    ``counts`` is False for a look at something that settles, which is no failed try: later ones would wait the longer.
    """

    reason: HoldReason
    due_at: datetime | None = None
    waits_for: MissingLink | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Review:
    """Hold for a person; ``waits_for`` is a link that would release it, ``dead`` says that it is a dead letter."""

    dead: bool
    waits_for: MissingLink | None = None


Decision = Again | Park | Review


@dataclass(frozen=True, slots=True)
class Trial:
    """Where an event stands.

    Attributes:
        lane_tries: failures since it took its lane, this one included.
        lane_seconds: time since it took its lane.
        attempts: times that it was held before.
        looks: times that what is missing now was missing before.
        now: the present moment.
        paused: whether the next try waits at the stage's entrance, because the target is down or asked for less.
    """

    lane_tries: int
    lane_seconds: float
    attempts: int
    now: datetime
    looks: int = 0
    paused: bool = False


def decide(error: BaseException, trial: Trial, patience: Patience, chance: Callable[[], float]) -> Decision:  # noqa: C901, PLR0911, PLR0912 - a table
    """The decision for one failure. ``chance`` gives numbers from 0 to 1 for full jitter."""
    match error:
        case AliasMissing() | Doubtful():
            return Review(dead=False, waits_for=error.waits_for)
        case Guarded():
            return Review(dead=False)
        case Rejected() | Malformed():
            return Review(dead=True)
        case DependencyMissing():
            if trial.looks >= patience.link_looks:
                return Review(dead=True, waits_for=error.waits_for)
            due_at = trial.now + timedelta(seconds=patience.link_look)
            return Park(HoldReason.LINK, due_at=due_at, waits_for=error.waits_for)
        case Unavailable() | AuthFailed() | Transient() | OutcomeUnknown() if trial.paused:
            return Again(_lane_wait(trial, patience, chance))
        case AuthFailed():
            return Again(patience.auth_wait)
        case Unavailable():
            return Again(_lane_wait(trial, patience, chance))
        case OutcomeUnknown(retry_at=datetime() as retry_at):
            return Park(HoldReason.TIME, due_at=retry_at, counts=False)
        case Throttled(retry_after=float() as wait):
            longer = max(wait, _lane_wait(trial, patience, chance))
            return Again(longer) if trial.lane_seconds + longer <= patience.lane else _park(trial, max(1.0, wait))
        case Throttled():
            return _persist(trial, patience, chance)
        case Transient() | OutcomeUnknown():
            if trial.attempts >= patience.holds:
                return Review(dead=True)
            return _persist(trial, patience, chance)
        case _:
            return Review(dead=True)


def blocks(error: BaseException) -> bool:
    """Whether later records of the key must wait behind the held one.

    What cannot be read decides nothing, and neither does a refusal that says so.
    """
    return not isinstance(error, Malformed) and getattr(error, "blocks", True)


def code_of(error: BaseException) -> str:
    """A short stable word for grouping: the error's own code, else its class."""
    own = error.code if isinstance(error, TillstreamError) else ""
    return own or type(error).__name__


def _persist(trial: Trial, patience: Patience, chance: Callable[[], float]) -> Decision:
    wait = _lane_wait(trial, patience, chance)
    if trial.lane_seconds + wait <= patience.lane:
        return Again(wait)
    ceiling = min(patience.longest_park, patience.lane * 2.0 ** min(trial.attempts, 20))
    return _park(trial, 1.0 + chance() * ceiling)


def _park(trial: Trial, seconds: float) -> Park:
    return Park(HoldReason.TIME, due_at=trial.now + timedelta(seconds=seconds))


def _lane_wait(trial: Trial, patience: Patience, chance: Callable[[], float]) -> float:
    ceiling = min(patience.longest_lane_wait, patience.first_wait * 2.0 ** min(trial.lane_tries - 1, 20))
    return chance() * ceiling
