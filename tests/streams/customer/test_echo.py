"""What a telling is, given what is known of the entity on that side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.customer.echo import Mirror, Side, Verdict, judge
from tests.streams.customer.fields import at, entries, told, value

STORED = Mirror(
    intended={"name": value("Ann"), "phone": value("+1 512"), "points": value(5)},
    read_back={"name": value("Ann"), "phone": value("512"), "points": value(5)},
    at=at(10),
)
"""The system keeps the phone in its own way."""


@pytest.mark.parametrize(
    ("telling", "verdict"),
    [
        (told(11, name="Ann", phone="512"), Verdict.ECHO),
        (told(11, name="Ann", phone="+1 512"), Verdict.ECHO),
        (told(10, name="Ann", phone="512"), Verdict.ECHO),
        (told(11, name="ANN"), Verdict.ECHO),
        (told(9, name="Ann"), Verdict.OLDER),
        (told(9, name="Eve"), Verdict.OLDER),
        (told(9, name="Eve", fresh=True), Verdict.OLDER),
        (told(11, name="Eve"), Verdict.NEWS),
        (told(11, name="Ann", phone="513"), Verdict.NEWS),
        (told(11, name="Ann", company=""), Verdict.NEWS),
        (told(10, name="Eve"), Verdict.READ_AGAIN),
        (told(10, name="Eve", fresh=True), Verdict.NEWS),
    ],
)
def test_only_what_is_newer_and_neither_intended_nor_read_back_is_news(telling: object, verdict: Verdict) -> None:
    assert judge(STORED, telling) is verdict  # type: ignore[arg-type]


def test_everything_is_news_of_what_nobody_knows() -> None:
    assert judge(Mirror(), told(0, name="Ann")) is Verdict.NEWS


def test_a_change_back_is_news_once_the_change_was_heard() -> None:
    changed = STORED.heard(told(11, name="Eve")).intending({"name": value("Eve")}, frozenset())
    assert judge(changed, told(12, name="Ann")) is Verdict.NEWS


def test_an_answer_shows_how_what_we_sent_is_kept_and_nothing_else() -> None:
    sent = STORED.intending({"phone": value("+1 777"), "name": value("Ann")}, frozenset({"phone"}))
    after = sent.landed(told(12, name="Eve", phone="777"))
    assert after.pending == frozenset()
    assert judge(after, told(12, phone="777")) is Verdict.ECHO
    assert judge(after, told(12, name="Eve", fresh=True)) is Verdict.NEWS


def test_an_answer_hides_no_member_that_was_added_in_between() -> None:
    sent = Mirror(read_back={"tags": entries("a")}).intending({"tags": entries("a", "b")}, frozenset({"tags"}))
    after = sent.landed(told(12, tags=("a", "b", "c")))
    assert after.read_back["tags"] == entries("a", "b")


def test_what_was_told_before_a_write_is_older_once_its_answer_is_known() -> None:
    after = STORED.intending({"phone": value("+1 777")}, frozenset({"phone"})).landed(told(12, phone="777"))
    assert judge(after, told(11, phone="512")) is Verdict.OLDER


def test_an_answer_from_before_what_was_told_last_moves_no_time_back() -> None:
    assert STORED.intending({"name": value("Eve")}, frozenset({"name"})).landed(told(9, name="Eve")).at == at(10)


@pytest.mark.parametrize(
    ("telling", "verdict"),
    [
        (told(10, name="Eve"), Verdict.READ_AGAIN),
        (told(10, name="Eve", fresh=True), Verdict.ECHO),
        (told(11, name="Eve"), Verdict.ECHO),
        (told(10, name="Ann"), Verdict.ECHO),
    ],
)
def test_what_is_pending_may_have_been_so_before_in_the_same_second(telling: object, verdict: Verdict) -> None:
    sent = STORED.intending({"name": value("Eve")}, frozenset({"name"}))
    assert judge(sent, telling) is verdict  # type: ignore[arg-type]


def test_what_is_pending_is_believed_only_when_it_was_just_read() -> None:
    sent = STORED.intending({"name": value("Eve")}, frozenset({"name"}))
    assert not sent.holds("name", value("Eve"), value("Eve"), fresh=False)
    assert not sent.holds("name", value("Ann"), value("Ann"), fresh=False)
    assert sent.holds("name", value("Eve"), value("Eve"), fresh=True)


def test_what_is_kept_in_its_own_way_need_not_be_written_again() -> None:
    assert STORED.holds("phone", value("+1 512"), value("512"), fresh=False)
    assert not STORED.holds("phone", value("+1 999"), value("512"), fresh=False)
    assert not STORED.holds("phone", value("+1 512"), value("999"), fresh=True)


@given(st.integers(0, 20), st.sampled_from(["Ann", "Eve"]), st.booleans())
def test_a_telling_that_was_heard_is_no_news_a_second_time(seconds: int, name: str, fresh: bool) -> None:
    telling = told(seconds, name=name, fresh=fresh)
    if judge(STORED, telling) in (Verdict.NEWS, Verdict.ECHO):
        assert judge(STORED.heard(telling), telling) is Verdict.ECHO


def test_each_side_has_another() -> None:
    assert [side.other for side in Side] == [Side.POS, Side.WEB]


def test_what_was_sent_without_an_answer_is_no_news_after_something_else_was_sent() -> None:
    sent = STORED.intending({"name": value("Eve")}, frozenset({"name"}))
    again = sent.intending({"name": value("Eva")}, frozenset({"name"}))
    assert judge(again, told(12, name="Eve")) is Verdict.ECHO
    assert judge(again, told(12, name="Eden")) is Verdict.NEWS
    assert judge(again.landed(told(13, name="Eva", fresh=True)), told(14, name="Eve")) is Verdict.NEWS


def test_what_was_sent_and_is_wanted_again_is_not_remembered_as_gone() -> None:
    sent = STORED.intending({"emails": entries("a", "b")}, frozenset({"emails"}))
    other = sent.intending({"emails": entries("a")}, frozenset({"emails"}))
    assert other.sent == {"emails": entries("b")}
    assert other.intending({"emails": entries("a", "b")}, frozenset({"emails"})).sent == {}
