"""What a run does to the system: a list of strikes that the seed decides."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from streams.ports.failpoints import Failpoint

WORKERS = ("normalize", "inventory", "deliver-pos", "deliver-web")
ROLES = ("ingress", "poll", *WORKERS)
BROKER = "kafka"
TARGETS = ("magento", "heartland")
DELIVERS = ("deliver-pos", "deliver-web")

POINTS_SHARE = 0.4
"""Of all strikes: 80 of 200, so that each point is hit five times by a kill and five times by a stop."""


class Blow(StrEnum):
    """What is done to a place."""

    KILL = "kill"
    """``kill -9``."""
    FREEZE = "freeze"
    """SIGSTOP, later SIGCONT; a role is frozen beyond Kafka's session time-out."""
    FEWER = "fewer"
    """One worker instead of two, then two again."""
    MORE = "more"
    """Three workers instead of two, then two again."""
    CUT_BEFORE = "cut before"
    """The connection is cut before a mutating request is forwarded."""
    CUT_SENT = "cut sent"
    """The connection is cut when a mutating request was forwarded."""
    CUT_ANSWER = "cut answer"
    """The connection is cut after the first byte of the answer to a mutating request."""
    HOLD = "hold"
    """A mutating request is forwarded only when the client has given up."""
    POINT_KILL = "kill at"
    """The role kills itself when its work comes to a point."""
    POINT_STOP = "stop at"
    """The role stops itself there, beyond Kafka's session time-out."""


CUTS = (Blow.CUT_BEFORE, Blow.CUT_SENT, Blow.CUT_ANSWER, Blow.HOLD)
AT_POINTS = (Blow.POINT_KILL, Blow.POINT_STOP)

REACHED_BY: Mapping[Failpoint, tuple[str, ...]] = {
    Failpoint.PENDING_WRITTEN: DELIVERS,
    Failpoint.BYTES_SENT: DELIVERS,
    Failpoint.RESPONSE_READ: DELIVERS,
    Failpoint.DONE_WRITTEN: DELIVERS,
    Failpoint.HELD: ("deliver-pos",),
    Failpoint.PRODUCE_ACKNOWLEDGED: ("ingress", "poll", "normalize", "inventory"),
    Failpoint.BEFORE_COMMIT: WORKERS,
    Failpoint.MID_REVOKE: WORKERS,
}
"""The roles whose work comes to a point whenever the shop trades; an order of an unknown SKU is what is held."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One thing done to one place: a role, the broker or a target. ``number`` counts from 1."""

    number: int
    blow: Blow
    place: str
    point: Failpoint | None = None

    @property
    def fault(self) -> str:
        """Its line in the table: a point counts as one fault, wherever it is hit."""
        return f"{self.blow} {self.point or self.place}"

    def __str__(self) -> str:
        return f"{self.fault} of {self.place}" if self.point else self.fault


_Choice = tuple[Blow, str, Failpoint | None]

OTHERS: tuple[_Choice, ...] = (
    *((blow, place, None) for place in (*ROLES, BROKER, *TARGETS) for blow in (Blow.KILL, Blow.FREEZE)),
    *((blow, place, None) for place in WORKERS for blow in (Blow.FEWER, Blow.MORE)),
    *((blow, place, None) for place in TARGETS for blow in CUTS),
)


def plan(seed: int, kills: int) -> list[Strike]:
    """The strikes, in order. Two in a row are at different places if that can be, for they are to overlap.

    Every point is killed at least once, and with 200 strikes killed and stopped five times.

    Raises:
        ValueError: so few strikes cannot hit every point.
    """
    if kills < len(Failpoint):
        raise ValueError(f"KILLS={kills} is too few: there are {len(Failpoint)} failpoints, and each must be hit")
    chance = random.Random(seed)
    at_points = max(len(Failpoint), round(kills * POINTS_SHARE))
    points, others = _at_points(chance), _others(chance)
    chosen = [next(points) for _ in range(at_points)] + [next(others) for _ in range(kills - at_points)]
    chance.shuffle(chosen)
    return [Strike(number, *choice) for number, choice in enumerate(_apart(chosen), start=1)]


def _at_points(chance: random.Random) -> Iterator[_Choice]:
    """All points by a kill, all by a stop, and again; each time at a role that comes to it."""
    while True:
        for blow in AT_POINTS:
            for point in Failpoint:
                yield blow, chance.choice(REACHED_BY[point]), point


def _others(chance: random.Random) -> Iterator[_Choice]:
    """Each of the others once, in any order, and again."""
    return chain.from_iterable(iter(lambda: chance.sample(OTHERS, k=len(OTHERS)), ()))


def _apart(chosen: list[_Choice]) -> Iterator[_Choice]:
    """The same, with the next one at a place where the last two were not, as far as possible."""
    left, last = list(chosen), ["", ""]
    while left:
        following = next((choice for choice in left if choice[1] not in last), left[0])
        left.remove(following)
        last = [last[1], following[1]]
        yield following
