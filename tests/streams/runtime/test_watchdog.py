"""A consumer that is up and does nothing is found, and one that has a reason not to move is left alone."""

from __future__ import annotations

from streams.runtime.watchdog import Vitals, Watchdog


def test_a_consumer_that_moves_is_well() -> None:
    dog = Watchdog(10)
    assert all(dog.judge(Vitals(expected=True, pulse=n), float(n * 9)) is None for n in range(5))


def test_one_that_should_move_and_does_not_is_suspected_after_its_patience() -> None:
    dog = Watchdog(10)
    still = Vitals(expected=True, pulse="same")
    assert dog.judge(still, 100.0) is None
    assert dog.judge(still, 109.9) is None
    finding = dog.judge(still, 112.0)
    assert finding is not None
    assert (finding.reason, finding.certain) == ("has not moved for 12 s", False)


def test_one_that_has_no_reason_to_move_is_left_alone() -> None:
    dog = Watchdog(10)
    idle = Vitals(expected=False, pulse="same")
    assert [dog.judge(idle, now) for now in (0.0, 50.0, 100.0)] == [None] * 3
    assert dog.judge(Vitals(expected=True, pulse="same"), 101.0) is None


def test_after_forgiving_it_waits_anew() -> None:
    dog = Watchdog(10)
    still = Vitals(expected=True, pulse="same")
    dog.judge(still, 0.0)
    assert dog.judge(still, 10.0) is not None
    dog.forgive(still.pulse, 10.0)
    assert dog.judge(still, 19.0) is None
    assert dog.judge(still, 20.0) is not None


def test_an_error_of_the_group_and_an_ended_task_are_certain_at_once() -> None:
    dog = Watchdog(10)
    refused = dog.judge(Vitals(group_error=PermissionError("group")), 0.0)
    assert refused is not None
    assert refused.certain
    assert "PermissionError('group')" in refused.reason
    ended = dog.judge(Vitals(ended=("fetching", "taking part in its group")), 0.0)
    assert ended is not None
    assert (ended.certain, ended.reason) == (True, "has stopped fetching and taking part in its group")
