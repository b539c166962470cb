"""The decision table, row by row, and its bounds for any failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import MissingLink, Ref
from streams.errors import (
    AliasMissing,
    AuthFailed,
    DependencyMissing,
    Doubtful,
    Guarded,
    Malformed,
    OutcomeUnknown,
    Rejected,
    Throttled,
    TillstreamError,
    Transient,
    Unavailable,
)
from streams.ports import HoldReason
from streams.runtime.retry import Again, Park, Patience, Review, Trial, blocks, code_of, decide

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LINK = MissingLink(Ref("pos", "order", "17"))


def first_failure(attempts: int = 0, lane_seconds: float = 0.0, tries: int = 1, looks: int = 0) -> Trial:
    return Trial(lane_tries=tries, lane_seconds=lane_seconds, attempts=attempts, now=NOW, looks=looks)


def decision(error: BaseException, trial: Trial | None = None, chance: float = 1.0) -> object:
    return decide(error, trial or first_failure(), Patience(), lambda: chance)


def test_a_missing_alias_waits_for_a_person_and_names_the_sku_that_releases_it() -> None:
    missing = MissingLink(Ref("web", "sku", "X"), "pos")
    error = AliasMissing("unknown", sku="X", waits_for=missing)
    assert decision(error) == Review(dead=False, waits_for=missing)


def test_a_doubtful_customer_waits_for_a_person_and_names_the_link_that_releases_it() -> None:
    missing = MissingLink(Ref("web", "customer", "42"), "pos")
    error = Doubtful("may be two", waits_for=missing)
    assert decision(error) == Review(dead=False, waits_for=missing)
    assert blocks(error)


def test_what_a_guard_holds_waits_for_a_person_and_blocks_nothing() -> None:
    assert decision(Guarded("too many")) == Review(dead=False)
    assert not blocks(Guarded("too many"))


@pytest.mark.parametrize("error", [Rejected("no"), Malformed("bytes"), KeyError("a fault of ours")])
def test_what_a_repeat_cannot_mend_goes_to_review(error: Exception) -> None:
    assert decision(error) == Review(dead=True)


def test_a_missing_dependency_parks_on_its_link_and_is_looked_at_every_hour() -> None:
    due_at = NOW + timedelta(hours=1)
    assert decision(DependencyMissing("later", waits_for=LINK)) == Park(HoldReason.LINK, due_at, waits_for=LINK)


def test_a_link_that_has_not_come_in_a_day_is_a_matter_for_a_person() -> None:
    error = DependencyMissing("later", waits_for=LINK)
    assert isinstance(decision(error, first_failure(looks=23)), Park)
    assert decision(error, first_failure(looks=24)) == Review(dead=True, waits_for=LINK)


def test_only_looks_at_the_link_wear_its_patience_out() -> None:
    error = DependencyMissing("later", waits_for=LINK)
    assert isinstance(decision(error, first_failure(attempts=1000)), Park)


@pytest.mark.parametrize("tries", [1, 50, 5000])
@pytest.mark.parametrize("error", [Unavailable("down"), AuthFailed("refused")])
def test_a_system_that_is_down_never_fills_the_held_table(error: TillstreamError, tries: int) -> None:
    trial = first_failure(attempts=tries, lane_seconds=tries * 10.0, tries=tries)
    assert isinstance(decision(error, trial), Again)


def test_refused_credentials_are_tried_again_every_fifteen_seconds() -> None:
    assert decision(AuthFailed("401"), first_failure(tries=50), chance=0.0) == Again(15.0)


def test_an_unknown_outcome_of_a_create_once_is_looked_up_when_its_ledger_row_says() -> None:
    due = NOW + timedelta(seconds=25)
    assert decision(OutcomeUnknown("silence", retry_at=due)) == Park(HoldReason.TIME, due_at=due, counts=False)


def test_an_unknown_outcome_of_a_set_state_pushes_again() -> None:
    assert isinstance(decision(OutcomeUnknown("silence")), Again)


def test_a_short_retry_after_is_waited_for_in_the_lane_and_a_long_one_is_parked() -> None:
    assert decision(Throttled("slow", retry_after=2.0)) == Again(2.0)
    parked = decision(Throttled("slow", retry_after=60.0))
    assert isinstance(parked, Park)
    assert parked.due_at is not None
    assert parked.due_at >= NOW + timedelta(seconds=60)


def test_a_retry_after_of_nothing_still_waits() -> None:
    assert isinstance(decision(Throttled("slow", retry_after=0.0)), Again)
    assert decision(Throttled("slow", retry_after=0.0)) != Again(0.0)
    parked = decision(Throttled("slow", retry_after=0.0), first_failure(lane_seconds=6.0))
    assert isinstance(parked, Park)
    assert parked.due_at is not None
    assert parked.due_at >= NOW + timedelta(seconds=1)


def test_a_bad_hour_never_ends_in_review() -> None:
    assert isinstance(decision(Transient("500"), first_failure(attempts=20, lane_seconds=5.0, tries=9)), Park)


def test_throttling_without_a_time_backs_off_and_never_ends_in_review() -> None:
    assert isinstance(decision(Throttled("slow"), first_failure(attempts=500)), Again)


def test_a_transient_failure_leaves_its_lane_after_the_lanes_patience() -> None:
    assert isinstance(decision(Transient("500")), Again)
    assert isinstance(decision(Transient("500"), first_failure(lane_seconds=5.0)), Park)


@pytest.mark.parametrize(("tries", "longest"), [(1, 0.1), (2, 0.2), (4, 0.8), (6, 2.0), (5000, 2.0)])
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_waits_in_the_lane_double_up_to_the_longest_with_full_jitter(tries: int, longest: float, chance: float) -> None:
    made = decision(Unavailable("down"), first_failure(tries=tries), chance)
    assert isinstance(made, Again)
    assert made.wait == pytest.approx(longest * chance)


@pytest.mark.parametrize(("attempts", "longest"), [(0, 5), (1, 10), (3, 40), (6, 320), (7, 600), (299, 600)])
@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_parked_waits_double_up_to_the_longest_with_full_jitter_after_a_second(
    attempts: int, longest: int, chance: float
) -> None:
    made = decision(Transient("500"), first_failure(attempts, lane_seconds=6.0), chance)
    assert made == Park(HoldReason.TIME, due_at=NOW + timedelta(seconds=1 + longest * chance))


@pytest.mark.parametrize("error", [Transient("500"), Throttled("slow"), Throttled("slow", retry_after=0.1)])
def test_a_wait_that_ends_with_the_lanes_patience_is_made_in_the_lane_and_a_longer_one_is_not(
    error: TillstreamError,
) -> None:
    assert decision(error, first_failure(lane_seconds=4.9)) == Again(0.1)
    assert isinstance(decision(error, first_failure(lane_seconds=4.91)), Park)


@pytest.mark.parametrize(("retry_after", "parked"), [(0.0, 1), (60.0, 60)])
def test_a_retry_after_is_parked_for_as_long_as_it_says_and_a_second_at_least(retry_after: float, parked: int) -> None:
    made = decision(Throttled("slow", retry_after=retry_after), first_failure(lane_seconds=6.0))
    assert made == Park(HoldReason.TIME, due_at=NOW + timedelta(seconds=parked))


def test_a_transient_failure_that_never_ends_goes_to_review() -> None:
    assert decision(Transient("500"), first_failure(attempts=Patience().holds)) == Review(dead=True)


@given(
    attempts=st.integers(0, 39),
    tries=st.integers(1, 100),
    seconds=st.floats(0, 100),
    chance=st.floats(0, 1),
)
def test_waits_are_bounded_and_never_negative(attempts: int, tries: int, seconds: float, chance: float) -> None:
    patience = Patience(holds=1000)
    made = decide(Transient("500"), first_failure(attempts, seconds, tries), patience, lambda: chance)
    if isinstance(made, Again):
        assert 0 <= made.wait <= patience.longest_lane_wait
    else:
        assert isinstance(made, Park)
        assert made.due_at is not None
        assert NOW < made.due_at <= NOW + timedelta(seconds=patience.longest_park + 1)


def test_unreadable_bytes_do_not_hold_up_later_events_of_the_key() -> None:
    assert not blocks(Malformed("bytes"))
    assert blocks(Rejected("no"))
    assert blocks(KeyError("a fault of ours"))


def test_a_refusal_says_itself_whether_later_events_of_the_order_need_it() -> None:
    assert not blocks(Rejected("changed after it was exported", blocks=False))
    assert blocks(Rejected("no", blocks=True))


def test_the_code_groups_by_the_errors_own_word_or_its_class() -> None:
    assert code_of(Rejected("no", code="collision")) == "collision"
    assert code_of(Rejected("no")) == "Rejected"
    assert code_of(KeyError("x")) == "KeyError"


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("down"),
        AuthFailed("refused"),
        Throttled("slow down", retry_after=600.0),
        Transient("timed out"),
        OutcomeUnknown("timed out", retry_at=NOW),
    ],
)
def test_while_the_target_is_paused_nothing_is_held_for_it(error: Exception) -> None:
    trial = replace(first_failure(attempts=299, lane_seconds=600.0), paused=True)
    assert decision(error, trial) == Again(0.1)


def test_what_a_person_must_decide_is_held_while_the_target_is_paused_too() -> None:
    assert decision(Rejected("no"), replace(first_failure(), paused=True)) == Review(dead=True)
