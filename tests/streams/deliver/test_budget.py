"""The token bucket: never faster than allowed, slower at once, faster step by step."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.deliver.budget import RAISE_SECONDS, SHORTEST_CLOSE_SECONDS, SLOWEST, WINDOW_SECONDS, Bucket, share

rates = st.floats(0.2, 200.0)
bursts = st.floats(1.0, 50.0)


def send(bucket: Bucket, now: float) -> float:
    """Send one request as soon as it may go; the moment at which it did."""
    went = bucket.reserve(now)
    bucket.spend(went, reserved=True)
    return went


@given(rates, bursts, st.lists(st.floats(0.0, 5.0), min_size=1, max_size=80))
def test_over_any_time_no_more_goes_than_the_burst_and_the_rate_allow(
    rate: float, burst: float, gaps: list[float]
) -> None:
    bucket, now, sent = Bucket(rate, burst, 0.0), 0.0, []
    for gap in gaps:
        now = send(bucket, now + gap)
        sent.append(now)
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + rate * (sent[last] - start) + 1.0 + 1e-6


@given(rates, bursts, st.integers(2, 60))
def test_what_reserves_at_one_moment_goes_in_its_order_at_the_rate(rate: float, burst: float, turns: int) -> None:
    bucket = Bucket(rate, burst, 0.0)
    due = [bucket.reserve(0.0) for _ in range(turns)]
    assert due == sorted(due)
    late = [moment for moment in due if moment > 0.0]
    assert all(b - a == pytest.approx(1.0 / rate, rel=1e-6) for a, b in pairwise(late))
    assert len(due) - len(late) <= burst


@given(st.floats(0.1, 1000.0), st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_shares_of_all_workers_are_the_limit_at_most(limit: float, owned: list[int]) -> None:
    partitions = sum(owned)
    assert sum(share(limit, own, partitions) for own in owned) <= limit * (1 + 1e-9)


def test_without_a_limit_everything_goes_at_once() -> None:
    bucket = Bucket(0.0, 1.0, 0.0)
    assert [send(bucket, 0.0) for _ in range(1000)] == [0.0] * 1000
    assert math.isinf(bucket.rate(0.0))


def test_what_goes_beyond_its_reservation_is_a_debt_of_the_next() -> None:
    bucket = Bucket(10.0, 1.0, 0.0)
    send(bucket, 0.0)
    for _ in range(3):
        bucket.spend(0.0, reserved=False)
    assert bucket.reserve(0.0) == pytest.approx(0.4)


def test_a_token_that_was_not_used_is_there_for_the_next() -> None:
    bucket = Bucket(10.0, 1.0, 0.0)
    bucket.reserve(0.0)
    bucket.give_back(1)
    assert bucket.reserve(0.0) == 0.0


def test_a_smaller_share_counts_at_once_and_voids_reservations() -> None:
    bucket = Bucket(10.0, 1.0, 0.0)
    bucket.set_limit(5.0, 1.0, 0.0)
    assert bucket.generation == 1
    assert bucket.rate(0.0) == 5.0


def test_a_larger_share_waits_until_who_lost_it_has_heard() -> None:
    bucket = Bucket(10.0, 1.0, 0.0)
    bucket.set_limit(20.0, 2.0, 0.0)
    assert bucket.rate(RAISE_SECONDS - 0.1) == 10.0
    assert bucket.rate(RAISE_SECONDS) == 20.0


def test_a_cut_that_follows_a_raise_takes_it_back() -> None:
    bucket = Bucket(10.0, 1.0, 0.0)
    bucket.set_limit(20.0, 2.0, 0.0)
    bucket.set_limit(4.0, 1.0, 1.0)
    assert bucket.rate(10 * RAISE_SECONDS) == 4.0


@given(st.none() | st.floats(0.0, 600.0), st.integers(0, 30))
def test_nothing_goes_before_the_time_that_the_target_named(retry_after: float | None, waiting: int) -> None:
    bucket = Bucket(10.0, 10.0, 0.0)
    for _ in range(waiting):
        bucket.reserve(0.0)
    assert bucket.throttled(retry_after, 1.0)
    opens = 1.0 + max(SHORTEST_CLOSE_SECONDS, retry_after or 0.0)
    assert bucket.rate(opens - 0.01) == 0.0
    assert bucket.reserve(1.0) == pytest.approx(opens + 0.2)
    assert bucket.rate(opens) == 5.0


def test_many_answers_of_429_to_what_was_under_way_halve_the_rate_once() -> None:
    bucket = Bucket(16.0, 1.0, 0.0)
    assert [bucket.throttled(2.0, 0.1 * n) for n in range(10)] == [True] + [False] * 9
    assert bucket.rate(2.9) == 8.0
    assert bucket.throttled(2.0, 2.95)
    assert bucket.rate(4.95) == 4.0


def test_a_halved_rate_comes_back_a_tenth_per_window() -> None:
    bucket = Bucket(10.0, 1.0, 0.0)
    bucket.throttled(1.0, 0.0)
    assert [round(bucket.rate(1.0 + n * WINDOW_SECONDS), 6) for n in range(7)] == [5, 6, 7, 8, 9, 10, 10]


def test_where_no_limit_is_set_the_pace_until_a_429_is_the_limit_until_it_is_reached_again() -> None:
    bucket = Bucket(0.0, 1.0, 0.0)
    for n in range(200):
        bucket.spend(n * 0.05, reserved=False)  # twenty a second for ten seconds
    bucket.throttled(1.0, 10.0)
    assert bucket.rate(11.0) == pytest.approx(10.0, rel=0.01)
    assert bucket.rate(11.0 + 4 * WINDOW_SECONDS) == pytest.approx(18.0, rel=0.01)
    assert math.isinf(bucket.rate(11.0 + 5 * WINDOW_SECONDS))


@given(st.lists(st.floats(0.0, 30.0), min_size=1, max_size=40))
def test_a_rate_never_ends_at_nothing_nor_above_the_limit(times: list[float]) -> None:
    bucket, now = Bucket(10.0, 1.0, 0.0), 0.0
    for gap in times:
        now += gap
        bucket.throttled(None, now)
        assert SLOWEST <= bucket.rate(now + SHORTEST_CLOSE_SECONDS) <= 10.0


@pytest.mark.parametrize("limit", [0.0, 50.0])
def test_a_target_that_answers_429_now_and_then_whatever_the_rate_is_not_sent_less_and_less(limit: float) -> None:
    bucket, now, fastest = Bucket(limit, 1.0, 0.0), 0.0, 50.0
    for n in range(1, 2001):
        now = max(now + 1.0 / fastest, send(bucket, now))
        if n % 40 == 0:
            bucket.throttled(1.0, now)
    assert 2000 / now > fastest / 5
