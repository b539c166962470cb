"""The last resort ends a process that cannot stop, and leaves one alone that did."""

from __future__ import annotations

import threading

import pytest

from streams.runtime.supervisor import EXIT_CODE, LastResort


def test_it_ends_the_process_and_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    resort = LastResort(end)
    resort.arm(0.01, "the group did not answer")
    resort.arm(60, "a second time changes nothing")
    assert ended.wait(5)
    assert codes == [EXIT_CODE]
    assert "ending the process: the group did not answer" in capfd.readouterr().err
    resort.disarm()


def test_disarmed_it_does_nothing() -> None:
    codes: list[int] = []
    resort = LastResort(codes.append)
    resort.disarm()
    resort.arm(0.05, "never said")
    timer = resort._timer
    resort.disarm()
    assert timer is not None
    timer.join(5)
    assert codes == []
