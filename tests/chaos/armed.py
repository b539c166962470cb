"""Failpoints that strike when they are told to, from outside of the process.

The harness puts a file ``<role>.<point>.<kill|stop>`` into a directory. The first process of that role whose work comes
to that point claims it by renaming it, writes down that it was hit, and kills or stops itself on the spot.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streams.ports.failpoints import Failpoint

LOOK_EVERY = 0.05
"""Seconds between two looks into the directory; a point that is reached in between costs one comparison."""
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


@dataclass(frozen=True, slots=True)
class Hit:
    """Who was hit, and when, in seconds since the epoch."""

    pid: int
    at: float


class Armed:
    """Implements `streams.ports.Failpoints` for one process of a role."""

    def __init__(
        self,
        directory: Path,
        role: str,
        *,
        now: Callable[[], float] = time.monotonic,
        send: Callable[[int, int], None] = os.kill,
    ) -> None:
        self._directory = directory
        self._role = role
        self._now = now
        self._send = send
        self._look_at = 0.0
        self._armed: frozenset[str] = frozenset()

    def reach(self, point: Failpoint) -> None:
        """See `streams.ports.Failpoints.reach`."""
        if self._now() >= self._look_at:
            self._armed = frozenset(path.name for path in self._directory.iterdir())
            self._look_at = self._now() + LOOK_EVERY
        for kind, number in SIGNALS.items():
            name = f"{self._role}.{point}.{kind}"
            if name in self._armed and _claimed(self._directory / name):
                self._send(os.getpid(), number)


def _claimed(armed: Path) -> bool:
    """Take the order to strike, durably; False if another process was faster."""
    record = _record(armed)
    try:
        armed.rename(record)
    except FileNotFoundError:
        return False
    with record.open("w", encoding="utf-8") as file:
        json.dump({"pid": os.getpid(), "at": time.time()}, file)
        file.flush()
        os.fsync(file.fileno())
    return True


def arm(directory: Path, role: str, point: Failpoint, kind: str) -> Path:
    """Let the next process of the role that comes to the point strike itself. Returns the file that says so."""
    armed = directory / f"{role}.{point}.{kind}"
    _record(armed).unlink(missing_ok=True)
    armed.touch()
    return armed


def hit(armed: Path) -> Hit | None:
    """Who was hit, None if nobody yet."""
    try:
        return Hit(**json.loads(_record(armed).read_text()))
    except (FileNotFoundError, json.JSONDecodeError):  # not yet, or not yet written whole
        return None


def disarm(armed: Path) -> bool:
    """Take the order back. False if somebody has claimed it."""
    try:
        armed.unlink()
    except FileNotFoundError:
        return False
    return True


def _record(armed: Path) -> Path:
    return armed.with_name(armed.name + ".hit")
