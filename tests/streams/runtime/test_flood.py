"""When nearly everything fails: the window of a flow's last outcomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.flood import KEYS, LONGEST_MESSAGE, WINDOW, Failure, Flood, Window

NO_CHANNEL = Failure("no_channel", "000000007", "store view 9 has no channel")
OUTCOMES = st.lists(st.tuples(st.booleans(), st.integers(0, 80)), max_size=3 * WINDOW)
"""Whether it failed, and the number of its key."""
BAD_DAYS = st.lists(st.tuples(st.sampled_from([True] * 30 + [False]), st.integers(0, 80)), max_size=3 * WINDOW)


def note(window: Window, outcome: tuple[bool, int]) -> Flood | None:
    failed, key = outcome
    if failed:
        return window.failed(str(key), NO_CHANNEL)
    window.ended(str(key))
    return None


def first_flood(window: Window, outcomes: list[tuple[bool, int]]) -> int | None:
    """How many outcomes it took."""
    return next((number for number, one in enumerate(outcomes, 1) if note(window, one)), None)


def test_when_everything_fails_the_two_hundredth_is_the_first_to_be_kept() -> None:
    assert first_flood(Window(), [(True, n) for n in range(1000)]) == WINDOW


def test_after_a_resume_fifty_keys_are_enough() -> None:
    assert first_flood(Window(least=KEYS), [(True, n) for n in range(1000)]) == KEYS


@pytest.mark.parametrize(("good", "floods"), [(10, True), (11, False)])
def test_nineteen_of_twenty_must_have_failed(good: int, floods: bool) -> None:
    outcomes = [(n >= good, n) for n in range(WINDOW)]
    assert (first_flood(Window(), outcomes) is not None) is floods


@pytest.mark.parametrize(("keys", "floods"), [(KEYS, True), (KEYS - 1, False)])
def test_the_failures_must_come_from_fifty_keys(keys: int, floods: bool) -> None:
    outcomes = [(True, n % keys) for n in range(3 * WINDOW)]
    assert (first_flood(Window(), outcomes) is not None) is floods


def test_half_of_all_failing_for_ever_stops_nothing() -> None:
    assert first_flood(Window(), [(n % 2 == 0, n) for n in range(20 * WINDOW)]) is None


def test_what_was_good_long_ago_is_forgotten() -> None:
    assert first_flood(Window(), [(n >= 5000, n) for n in range(6000)]) == 5000 + 190


def test_it_names_the_commonest_reason_with_its_newest_example() -> None:
    window, flood = Window(), None
    for number in range(WINDOW):
        code = "currency" if number % 3 else "no_channel"
        flood = window.failed(str(number), Failure(code, f"order {number}", "why " * 1000))
    assert flood is not None
    assert (flood.failed, flood.outcomes, flood.alike) == (200, 200, 133)
    assert flood.example == Failure("currency", "order 199", ("why " * 1000)[:LONGEST_MESSAGE])


@pytest.mark.parametrize(
    ("message", "example"),
    [("no channel", "order 7: no channel"), ("order 7 has no channel", "order 7 has no channel")],
)
def test_it_says_how_many_failed_alike_and_names_an_order_or_sku_once(message: str, example: str) -> None:
    flood = Flood(failed=190, outcomes=200, alike=133, example=Failure("no_channel", "order 7", message))
    assert str(flood) == f"190 of the last 200 events failed, 133 of them alike ('no_channel'), such as: {example}"


@given(OUTCOMES | BAD_DAYS, st.sampled_from([WINDOW, KEYS]))
def test_it_floods_exactly_when_the_rule_says_so(outcomes: list[tuple[bool, int]], least: int) -> None:
    window = Window(least=least)
    for number, outcome in enumerate(outcomes, 1):
        last = outcomes[max(0, number - WINDOW) : number]
        failed = [key for bad, key in last if bad]
        expected = len(last) >= least and len(failed) >= 0.95 * len(last) and len(set(failed)) >= KEYS and outcome[0]
        flood = note(window, outcome)
        assert (flood is not None) == expected
        assert flood is None or (flood.failed, flood.outcomes) == (len(failed), len(last))
        assert len(window) == min(number, WINDOW)
