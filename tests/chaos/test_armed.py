from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from streams.ports.failpoints import Failpoint
from tests.chaos.armed import LOOK_EVERY, Armed, arm, disarm, hit

POINT, OTHER = Failpoint.HELD, Failpoint.BYTES_SENT


class Process:
    """One process of a role, on a clock and with signals of its own."""

    def __init__(self, directory: Path, role: str = "deliver-pos") -> None:
        self.now = 1.0
        self.sent: list[tuple[int, int]] = []
        self.points = Armed(
            directory, role, now=lambda: self.now, send=lambda pid, number: self.sent.append((pid, number))
        )

    def reach(self, point: Failpoint = POINT) -> list[int]:
        """The signals that it sent itself, a moment later."""
        self.now += LOOK_EVERY
        self.points.reach(point)
        assert all(pid == os.getpid() for pid, _ in self.sent)
        return [number for _, number in self.sent]


@pytest.mark.parametrize(("kind", "number"), [("kill", signal.SIGKILL), ("stop", signal.SIGSTOP)])
def test_what_is_armed_strikes_the_process_that_comes_there_once(tmp_path: Path, kind: str, number: int) -> None:
    process = Process(tmp_path)
    assert process.reach() == []
    armed = arm(tmp_path, "deliver-pos", POINT, kind)
    assert hit(armed) is None
    assert process.reach() == [number]
    assert process.reach() == [number]
    happened = hit(armed)
    assert happened is not None
    assert happened.pid == os.getpid()


def test_another_point_and_another_role_are_spared(tmp_path: Path) -> None:
    arm(tmp_path, "deliver-pos", POINT, "kill")
    assert Process(tmp_path).reach(OTHER) == []
    assert Process(tmp_path, "deliver-web").reach() == []


def test_of_two_processes_one_is_struck(tmp_path: Path) -> None:
    first, second = Process(tmp_path), Process(tmp_path)
    arm(tmp_path, "deliver-pos", POINT, "kill")
    second.points._armed = frozenset({f"deliver-pos.{POINT}.kill"})  # it has looked, too
    assert (first.reach(), second.reach()) == ([signal.SIGKILL], [])


def test_what_is_taken_back_strikes_nobody(tmp_path: Path) -> None:
    process = Process(tmp_path)
    armed = arm(tmp_path, "deliver-pos", POINT, "kill")
    assert disarm(armed)
    assert process.reach() == []
    assert not disarm(armed)


def test_what_was_claimed_cannot_be_taken_back(tmp_path: Path) -> None:
    armed = arm(tmp_path, "deliver-pos", POINT, "kill")
    Process(tmp_path).reach()
    assert not disarm(armed)
    assert hit(armed) is not None


def test_arming_again_forgets_the_last_hit(tmp_path: Path) -> None:
    armed = arm(tmp_path, "deliver-pos", POINT, "kill")
    Process(tmp_path).reach()
    assert hit(arm(tmp_path, "deliver-pos", POINT, "kill")) is None
    assert armed.exists()


def test_the_directory_is_not_looked_at_each_time(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.reach()
    arm(tmp_path, "deliver-pos", POINT, "kill")
    process.points.reach(POINT)
    assert process.sent == []
