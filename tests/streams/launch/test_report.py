"""What observing flows would have done, counted from the journal."""

from __future__ import annotations

import pytest

from streams.launch.observed import Observed, refused, told
from streams.launch.report import Line, ObserveReport, Tally
from streams.ports import Outcome


def line(what: str, *, aggregate: str = "web:order:1", step: str = "create_order", mails: bool = False) -> Line:
    return Line("order", "pos", aggregate, "1", step, Outcome.FILTERED, told(Observed(what, mails), "order"))


def ended(outcome: Outcome, *, aggregate: str = "web:order:1", message: str = "") -> Line:
    return Line("order", "pos", aggregate, "1", "", outcome, message)


def tally(*lines: Line) -> Tally:
    report = ObserveReport()
    for each in lines:
        report.add(each)
    return report.tallies().get(("order", "pos"), Tally())


def test_what_its_source_tells_again_and_again_counts_once() -> None:
    assert tally(line("create order W-1"), line("create order W-1")) == Tally(create=1)


def test_two_parcels_of_one_order_are_two_and_a_value_that_changes_is_one() -> None:
    ship = [line(f"ship shipment {number}", step="ship_order") for number in (1, 2)]
    stock = [line(f"set main {pieces}", aggregate="pos:A", step="write_source_items") for pieces in (5, 4)]
    assert tally(*ship, *stock) == Tally(create=2, update=1)


@pytest.mark.rule("guards.dry_run_counts_mail")
def test_people_are_counted_not_mails() -> None:
    mailed = [line(f"ship shipment {number}", step="ship_order", mails=True) for number in (1, 2)]
    counted = tally(*mailed, line("ship shipment 3", aggregate="web:order:2", step="ship_order"))
    assert counted == Tally(create=3, mails=1)
    assert str(counted) == "would create 3, update 0, skip 0, would e-mail 1 person"


@pytest.mark.parametrize("outcome", [Outcome.FILTERED, Outcome.UNCHANGED])
def test_what_is_left_is_skipped_unless_something_of_it_would_be_written(outcome: Outcome) -> None:
    assert tally(ended(outcome)) == Tally(skip=1)
    assert tally(line("create order W-1"), ended(outcome)) == Tally(create=1)
    assert tally(ended(outcome), line("create order W-1")) == Tally(create=1)


def test_what_waits_for_a_person_is_told_by_itself() -> None:
    asked = ended(Outcome.FILTERED, aggregate="web:order:3", message=refused("who is it?"))
    counted = tally(
        ended(Outcome.IN_REVIEW, message="no alias"), ended(Outcome.FILTERED, aggregate="web:order:2"), asked
    )
    assert str(counted) == "would create 0, update 0, skip 1, would e-mail 0 people; 2 in review"


def test_flows_and_targets_are_counted_apart() -> None:
    report = ObserveReport()
    report.add(line("create order W-1"))
    report.add(
        Line(
            "stock",
            "web",
            "pos:A",
            "A",
            "write_source_items",
            Outcome.FILTERED,
            told(Observed("set", mails=False), "stock"),
        )
    )
    assert dict(report.tallies()) == {("order", "pos"): Tally(create=1), ("stock", "web"): Tally(update=1)}
