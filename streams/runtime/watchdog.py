"""Finds a consumer that is up and does nothing, which Faust does not notice.

aiokafka parks fatal errors of the group for whoever calls its `getmany`; Faust calls the fetcher below it and never
hears of them. So somebody has to look.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass


class Zombie(RuntimeError):
    """The consumer has died in a way that only a new process mends."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What can be seen of a consumer from outside.

    Attributes:
        group_error: what aiokafka would raise to whoever asked.
        ended: background tasks that should run for ever and do not.
        expected: whether it should be moving: it has partitions to fetch, or the group is rebalancing.
        pulse: anything that differs when it has moved.
    """

    group_error: BaseException | None = None
    ended: tuple[str, ...] = ()
    expected: bool = False
    pulse: Hashable = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong.

    Attributes:
        reason: for the operator.
        certain: False if a Kafka that is down would look the same.
    """

    reason: str
    certain: bool


class Watchdog:
    """Judges vitals, seen every now and then.

    Args:
        patience: seconds without a move after which it speaks up.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._pulse: Hashable = None
        self._moved_at: float | None = None

    def judge(self, vitals: Vitals, now: float) -> Finding | None:
        """What is wrong, if anything. ``now`` in monotonic seconds."""
        if vitals.group_error is not None:
            return Finding(f"was refused by its consumer group: {vitals.group_error!r}", certain=True)
        if vitals.ended:
            return Finding(f"has stopped {' and '.join(vitals.ended)}", certain=True)
        if self._moved_at is None or not vitals.expected or vitals.pulse != self._pulse:
            self.forgive(vitals.pulse, now)
            return None
        if now - self._moved_at < self._patience:
            return None
        return Finding(f"has not moved for {now - self._moved_at:.0f} s", certain=False)

    def forgive(self, pulse: Hashable, now: float) -> None:
        """Begin to wait anew."""
        self._pulse, self._moved_at = pulse, now
