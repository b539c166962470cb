"""Which tellings are news, in any order in which they may come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.deliver.revisions import Verdict, judge
from streams.ports import Revision
from tests.twins.clock import START

NOW = Revision(START, "now")


@pytest.mark.parametrize(
    ("seconds", "content", "verdict"),
    [
        (-1, "other", Verdict.STALE),
        (-1, "now", Verdict.STALE),
        (0, "now", Verdict.UNCHANGED),
        (0, "other", Verdict.READ_AGAIN),
        (1, "now", Verdict.UNCHANGED),
        (1, "other", Verdict.APPLY),
    ],
)
def test_a_telling_is_compared_with_what_was_applied_last(seconds: int, content: str, verdict: Verdict) -> None:
    assert judge(Revision(START + timedelta(seconds=seconds), content), NOW) is verdict


def test_the_first_telling_is_applied_and_so_is_what_was_read_again() -> None:
    assert judge(NOW, None) is Verdict.APPLY
    assert judge(Revision(START, "other"), NOW, read_again=True) is Verdict.APPLY
    assert judge(NOW, NOW, read_again=True) is Verdict.UNCHANGED


@given(
    history=st.lists(st.tuples(st.sampled_from("AB"), st.booleans()), min_size=1, max_size=6),
    data=st.data(),
)
def test_tellings_in_any_order_and_number_end_with_the_newest(
    history: list[tuple[str, bool]], data: st.DataObject
) -> None:
    """The source tells whole seconds: changes may share one. What is read again is what it has at the end."""
    tellings, second = [], 0
    for content, same_second in history:
        second += not same_second
        tellings.append(Revision(START + timedelta(seconds=second), content))
    truth = tellings[-1]
    applied: Revision | None = None
    extra = data.draw(st.lists(st.sampled_from(tellings), max_size=6))
    for telling in data.draw(st.permutations(tellings + extra)):
        asks = judge(telling, applied) is Verdict.READ_AGAIN
        told = truth if asks else telling
        if judge(told, applied, read_again=asks) in {Verdict.APPLY, Verdict.UNCHANGED}:
            applied = told
    assert applied is not None
    assert applied.content == truth.content
