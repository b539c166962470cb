"""The breaker: opens on evidence, probes within bounds, closes after successes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.deliver.breaker import Breaker, Limits, State

LIMITS = Limits()


def opened(chance: float = 0.5, now: float = 0.0) -> Breaker:
    breaker = Breaker(lambda: chance)
    for n in range(LIMITS.in_a_row):
        breaker.failed("no connection", f"order {n}", now)
    return breaker


def probe(breaker: Breaker, now: float, *, well: bool) -> None:
    assert breaker.wait(now) == 0.0
    assert breaker.enter()
    if well:
        breaker.succeeded()
    else:
        breaker.failed("no connection", "order 1", now)
    breaker.leave()


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not() -> None:
    breaker = Breaker(lambda: 0.5)
    for _ in range(3):
        for _ in range(LIMITS.in_a_row - 1):
            breaker.failed("no connection", "order 1", 0.0)
        breaker.succeeded()
        breaker._results.clear()
    assert breaker.state is State.CLOSED
    assert opened().state is State.OPEN
    assert opened().reason == "no connection"


def test_half_of_the_latest_results_open_it() -> None:
    breaker = Breaker(lambda: 0.5)
    for n in range(LIMITS.window // 2):
        breaker.succeeded()
        breaker.failed("502", f"order {n}", 0.0)
    assert breaker.state is State.OPEN


def test_one_order_that_is_always_answered_500_is_no_outage() -> None:
    breaker = Breaker(lambda: 0.5)
    for _ in range(100):
        breaker.failed("500", "order 1", 0.0, down=False)
    assert breaker.state is State.CLOSED


def test_500_for_many_orders_is_an_outage() -> None:
    breaker = Breaker(lambda: 0.5)
    for n in range(LIMITS.window):
        breaker.failed("500", f"order {n % 3}", 0.0, down=False)
    assert breaker.state is State.OPEN


@given(st.floats(0.0, 1.0), st.integers(0, 12))
def test_a_probe_comes_after_one_second_at_least_and_thirty_at_most(chance: float, failed: int) -> None:
    breaker, now = opened(chance), 0.0
    for _ in range(failed + 1):
        wait = breaker.wait(now)
        assert LIMITS.first_probe <= wait <= LIMITS.longest_probe
        now += wait
        probe(breaker, now, well=False)


@given(st.lists(st.tuples(st.sampled_from(["ok", "bad", "stop", "turn"]), st.floats(0.0, 20.0)), max_size=60))
def test_while_it_is_not_closed_one_turn_goes_at_a_time_and_none_before_its_time(
    events: list[tuple[str, float]],
) -> None:
    breaker, now, inside = Breaker(lambda: 0.7), 0.0, False
    for event, gap in events:
        now += gap
        if event == "ok":
            breaker.succeeded()
        elif event == "bad":
            breaker.failed("down", f"order {now}", now)
        elif event == "stop":
            breaker.stopped("refused", now)
        elif inside:
            breaker.leave()
            inside = False
        elif breaker.wait(now) == 0.0:
            assert breaker.state is State.CLOSED or now >= breaker._probe_at
            inside = breaker.enter()
        if inside and breaker.state is not State.CLOSED:
            assert breaker.wait(now) > 0.0


def test_a_probe_that_succeeds_lets_the_next_go_at_once_and_three_close_it() -> None:
    breaker = opened()
    now = breaker.wait(0.0)
    for _ in range(LIMITS.successes):
        assert breaker.state is not State.CLOSED
        probe(breaker, now, well=True)
    assert breaker.state is State.CLOSED
    assert breaker.reason == ""


def test_a_failure_on_the_way_back_opens_it_again_for_longer() -> None:
    breaker = opened(chance=1.0)
    now = breaker.wait(0.0)
    assert now == 2.0
    probe(breaker, now, well=True)
    probe(breaker, now, well=False)
    assert breaker.state is State.OPEN
    assert breaker.wait(now) == 4.0


def test_a_probe_that_sends_nothing_makes_room_for_the_next() -> None:
    breaker = opened()
    now = breaker.wait(0.0)
    assert breaker.enter()
    assert breaker.wait(now) > 0.0
    breaker.leave()
    assert breaker.wait(now) == 0.0


def test_late_answers_to_what_went_before_move_nothing() -> None:
    breaker = opened()
    wait = breaker.wait(0.0)
    breaker.succeeded()
    breaker.failed("late", "order 1", 0.5)
    assert breaker.state is State.OPEN
    assert breaker.wait(0.0) == wait


def test_refused_credentials_are_tried_once_a_minute() -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.stopped("refused", 0.0)
    assert (breaker.state, breaker.reason) == (State.STOPPED, "refused")
    assert breaker.wait(0.0) == 60.0
    assert breaker.enter()
    breaker.stopped("refused", 60.0)
    breaker.leave()
    assert breaker.wait(60.0) == 60.0


@pytest.mark.parametrize("well", [True, False])
def test_a_probe_after_a_refusal_finds_out_anew(well: bool) -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.stopped("refused", 0.0)
    probe(breaker, 60.0, well=well)
    assert breaker.state is (State.HALF_OPEN if well else State.OPEN)
