"""The equation: whatever is known about the ids, each counts in exactly one place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.balance.facts import SortedFacts
from app.balance.sets import Equation, Equations, Fact, Seen, weigh
from streams.ports import Outcome

ENDS = [outcome for outcome in Outcome if outcome.ends]
FACTS: list[Fact] = [*Seen, *ENDS]
IDS = st.sampled_from([f"r{number}{child}" for number in range(6) for child in ("", ".s0", ".c", ".s0.again1")])
KNOWN = st.lists(st.tuples(IDS, st.sampled_from(FACTS)))


def of(*facts: tuple[str, Fact]) -> Equations:
    return weigh(sorted(facts))


def total(equation: Equation) -> int:
    ended = sum(equation.ended.values())
    waiting = equation.in_review + equation.parked + equation.in_flight
    return ended + waiting + len(equation.missing) + len(equation.twice)


@given(KNOWN)
def test_every_accepted_id_counts_in_exactly_one_place(known: list[tuple[str, Fact]]) -> None:
    made = of(*known)
    accepted = {one for one, fact in known if fact is Seen.ACCEPTED}
    for equation, wanted in (
        (made.receipts, {one for one in accepted if "." not in one}),
        (made.children, {one for one in accepted if "." in one}),
    ):
        assert equation.accepted == len(wanted) == total(equation)
        assert set(equation.missing) | set(equation.twice) <= wanted


@given(KNOWN)
def test_missing_is_what_was_accepted_and_is_in_no_other_set(known: list[tuple[str, Fact]]) -> None:
    accepted = {one for one, fact in known if fact is Seen.ACCEPTED}
    elsewhere = {one for one, fact in known if fact is not Seen.ACCEPTED}
    made = of(*known)
    assert {*made.receipts.missing, *made.children.missing} == accepted - elsewhere


@given(KNOWN)
def test_twice_is_what_ended_again_or_waits_for_a_person_after_its_end(known: list[tuple[str, Fact]]) -> None:
    accepted = {one for one, fact in known if fact is Seen.ACCEPTED}
    ends = [one for one, fact in known if fact in ENDS]
    reviewed = {one for one, fact in known if fact is Seen.REVIEW}
    made = of(*known)
    twice = {one for one in accepted if ends.count(one) > 1 or (one in ends and one in reviewed)}
    assert {*made.receipts.twice, *made.children.twice} == twice


@given(KNOWN, KNOWN)
def test_a_second_look_at_the_suspects_leaves_the_others_and_the_sum_as_they_are(
    known: list[tuple[str, Fact]], later: list[tuple[str, Fact]]
) -> None:
    first = of(*known)
    suspects: list[tuple[str, Fact]] = [(one, Seen.ACCEPTED) for one in first.suspects]
    again = of(*suspects, *((one, fact) for one, fact in later if one in first.suspects))
    made = first.corrected(again)
    assert made.suspects == again.suspects
    for equation, before in ((made.receipts, first.receipts), (made.children, first.children)):
        assert equation.accepted == before.accepted == total(equation)
        assert all(equation.ended.get(end, 0) >= before.ended.get(end, 0) for end in ENDS)


def test_an_id_counts_where_it_is_furthest_along() -> None:
    everywhere = [("r1", seen) for seen in Seen if seen is not Seen.REVIEW]
    assert of(*everywhere, ("r1", Outcome.FILTERED)).receipts == Equation(1, ended={Outcome.FILTERED: 1})
    assert of(*everywhere).receipts == Equation(1, in_review=1)
    assert of(("r1", Seen.ACCEPTED), ("r1", Seen.PARKED), ("r1", Seen.IN_FLIGHT)).receipts == Equation(1, parked=1)
    assert of(("r1", Seen.ACCEPTED), ("r1", Seen.IN_FLIGHT)).receipts == Equation(1, in_flight=1)


def test_a_lost_child_does_not_hide_behind_its_receipt() -> None:
    made = of(("r1", Seen.ACCEPTED), ("r1", Outcome.DELIVERED), ("r1.s0", Seen.ACCEPTED))
    assert made.receipts.holds
    assert (made.holds, made.children.missing) == (False, ("r1.s0",))


@given(st.lists(st.tuples(st.text(), st.sampled_from(FACTS))))
def test_facts_come_back_sorted_whatever_is_in_the_ids(known: list[tuple[str, Fact]]) -> None:
    with SortedFacts() as facts:
        facts.add(known)
        found = list(facts)
        accepted = [one for one, fact in known if fact is Seen.ACCEPTED]
        assert facts.first(Seen.ACCEPTED) == min(accepted, default=None, key=_bytes)
    assert sorted(found) == sorted(known)
    assert [one for one, _ in found] == sorted((one for one, _ in known), key=_bytes)


def test_only_what_is_asked_for_is_kept() -> None:
    with SortedFacts(only=frozenset({"r2"})) as facts:
        facts.add([("r1", Seen.ACCEPTED), ("r2", Seen.PARKED), ("r3", Outcome.DELIVERED)])
        assert list(facts) == [("r2", Seen.PARKED)]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
