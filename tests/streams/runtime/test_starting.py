"""Where a group may start: never behind records that it may not have processed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.starting import Gap, OffsetsLost, gap_of, gaps_of, note_of, noted

OFFSETS = st.integers(0, 1000)
PLACE = ("sale", 3)


@given(committed=st.none() | OFFSETS, first=OFFSETS)
def test_a_group_starts_only_where_nothing_can_be_missing(committed: int | None, first: int) -> None:
    start = 0 if committed is None else committed
    gap = gap_of(PLACE, committed, first)
    assert (gap is None) == (start >= first)
    assert gap is None or gap.gone == first - start > 0


@given(committed=OFFSETS, first=OFFSETS, more=OFFSETS)
def test_an_offset_beyond_the_end_is_of_a_topic_that_was_made_anew(committed: int, first: int, more: int) -> None:
    end = first + more
    assert (gap_of(PLACE, committed, first, end) is None) == (first <= committed <= end)
    beyond = gap_of(PLACE, end + 1, first, end)
    assert beyond is not None
    assert beyond.gone == 0
    assert "it was made anew" in str(beyond)


def test_gaps_are_told_in_order() -> None:
    committed = {("b", 0): 1, ("a", 1): None, ("a", 0): 5, ("a", 2): None}
    first = {("b", 0): 2, ("a", 1): 7, ("a", 0): 5, ("a", 2): 0}
    assert gaps_of(committed, first) == (Gap("a", 1, None, 7), Gap("b", 0, 1, 2))


def test_the_error_names_the_places_and_advises_the_command_that_repairs() -> None:
    error = OffsetsLost("tillstream.normalize", (Gap("sale", 3, 2, 4),))
    assert "sale 3 is processed up to offset 2, but its log starts at 4" in str(error)
    assert "tillstream offsets repair tillstream.normalize --apply" in error.advice
    assert "offsets start" not in error.advice


def test_a_group_without_an_offset_may_be_new_and_is_told_how_to_begin() -> None:
    error = OffsetsLost("tillstream.deliver.pos", (Gap("sale", 3, None, 4),))
    assert "sale 3 has no committed offset, and its log starts at 4" in str(error)
    assert "tillstream offsets start tillstream.deliver.pos --at earliest" in error.advice


@given(ms=st.integers(0, 4_000_000_000_000))
def test_the_time_beside_an_offset_is_read_as_it_was_written(ms: int) -> None:
    at = noted(note_of(ms))
    assert at is not None
    assert round(at.timestamp() * 1000) == ms


@pytest.mark.parametrize("note", ["", "set by hand", "2026-11-24T10:00:00"])
def test_a_note_of_somebody_else_is_no_time(note: str) -> None:
    assert noted(note) is None


def test_a_note_is_readable() -> None:
    at = datetime(2026, 11, 24, 10, 0, 0, 123_000, tzinfo=UTC)
    assert note_of(round(at.timestamp() * 1000)) == "2026-11-24T10:00:00.123+00:00"
    assert note_of(None) == ""
