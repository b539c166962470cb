from __future__ import annotations

from app.demo.audit.findings import Finding
from streams.ports.failpoints import Failpoint
from tests.chaos.plan import Blow, Strike
from tests.chaos.state import Struck
from tests.chaos.table import AFTER, lines, never_hit, totals

KILL = Strike(1, Blow.KILL, "ingress")
AGAIN = Strike(2, Blow.KILL, "ingress")
CUT = Strike(3, Blow.CUT_SENT, "heartland")
HELD = Strike(4, Blow.POINT_KILL, "deliver-pos", Failpoint.HELD)
STRIKES = [KILL, AGAIN, CUT, HELD]
LOST = Finding("lost", "000000001", "is not in the point of sale")


def struck(number: int, began: float, *, seconds: float | None = 4.0, hit: bool = True) -> Struck:
    return Struck(number, hit, began, began + (seconds or 0.0), seconds)


def test_a_fault_is_one_line_with_its_tries_hits_and_recovery() -> None:
    done = {1: struck(1, 100, seconds=4), 2: struck(2, 200, seconds=8), 4: struck(4, 300, seconds=None, hit=False)}
    table = lines(STRIKES, done, [])
    assert list(table) == ["cut sent heartland", "kill at held", "kill ingress"]
    killed, held, cut = table["kill ingress"], table["kill at held"], table["cut sent heartland"]
    assert (killed.tried, killed.hit, killed.typical, killed.longest) == (2, 2, 6.0, 8.0)
    assert (held.tried, held.hit, held.typical, held.not_recovered) == (1, 0, None, 0)
    assert cut.tried == 0


def test_a_strike_that_was_not_recovered_from_is_told() -> None:
    table = lines(STRIKES, {1: struck(1, 100, seconds=None)}, [])
    assert table["kill ingress"].not_recovered == 1
    assert totals(table, []).not_recovered == 1


def test_a_finding_counts_for_the_strikes_that_overlap_its_events_and_once_in_the_total() -> None:
    done = {1: struck(1, 100), 2: struck(2, 101), 3: struck(3, 102), 4: struck(4, 900)}
    table = lines(STRIKES, done, [(LOST, [90.0, 101.0, 120.0])])
    assert {name: line.counts["lost"] for name, line in table.items()} == {
        "kill ingress": 1,
        "cut sent heartland": 1,
        "kill at held": 0,
    }
    assert totals(table, [LOST]).counts["lost"] == 1


def test_what_happened_just_before_a_blow_may_be_its_doing() -> None:
    done = {1: struck(1, 100)}
    assert lines(STRIKES, done, [(LOST, [100 - AFTER])])["kill ingress"].counts["lost"] == 1
    assert lines(STRIKES, done, [(LOST, [99 - AFTER])])["kill ingress"].counts["lost"] == 0


def test_a_finding_without_events_counts_for_no_fault_but_in_the_total() -> None:
    table = lines(STRIKES, {1: struck(1, 100)}, [(LOST, [])])
    assert table["kill ingress"].counts["lost"] == 0
    assert totals(table, [LOST]).counts["lost"] == 1


def test_points_without_a_hit_are_named() -> None:
    others = [point for point in Failpoint if point is not Failpoint.HELD]
    assert never_hit(STRIKES, {4: struck(4, 1)}) == others
    assert never_hit(STRIKES, {4: struck(4, 1, hit=False)}) == list(Failpoint)
