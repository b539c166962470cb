from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ports.failpoints import Failpoint
from tests.chaos.plan import AT_POINTS, OTHERS, REACHED_BY, Blow, plan

KILLS = st.integers(min_value=len(Failpoint), max_value=250)
SEEDS = st.integers(min_value=0, max_value=1000)


@given(seed=SEEDS, kills=KILLS)
def test_the_seed_decides_the_plan_and_every_point_is_killed(seed: int, kills: int) -> None:
    strikes = plan(seed, kills)
    assert strikes == plan(seed, kills)
    assert [strike.number for strike in strikes] == list(range(1, kills + 1))
    assert {strike.point for strike in strikes if strike.blow is Blow.POINT_KILL} == set(Failpoint)


@given(seed=SEEDS)
def test_with_200_strikes_each_point_is_killed_and_stopped_five_times_and_nothing_is_left_out(seed: int) -> None:
    strikes = plan(seed, 200)
    tried = Counter((strike.blow, strike.point) for strike in strikes if strike.point is not None)
    assert tried == {(blow, point): 5 for blow in AT_POINTS for point in Failpoint}
    others = Counter((strike.blow, strike.place, strike.point) for strike in strikes if strike.point is None)
    assert set(others) == set(OTHERS)
    assert max(others.values()) - min(others.values()) <= 1


@given(seed=SEEDS, kills=KILLS)
def test_a_point_is_armed_only_where_work_comes_to_it(seed: int, kills: int) -> None:
    for strike in plan(seed, kills):
        assert strike.point is None or strike.place in REACHED_BY[strike.point]


@given(seed=SEEDS)
def test_strikes_at_one_place_are_apart_so_that_they_overlap(seed: int) -> None:
    together = sum(earlier.place == later.place for earlier, later in pairwise(plan(seed, 200)))
    assert together <= 10


def test_another_seed_is_another_plan() -> None:
    assert plan(1, 200) != plan(2, 200)


def test_too_few_strikes_to_hit_every_point_are_refused() -> None:
    with pytest.raises(ValueError, match="KILLS=7 is too few"):
        plan(1, 7)
