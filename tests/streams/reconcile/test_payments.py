"""Money by business date, and against the point of sale's report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ports import DaySum
from streams.reconcile.drift import ReadAgain
from streams.reconcile.payments import OrderMoney, Sums, compare_payments, compare_with_report, match_days

D = Decimal
LATE_EVENING = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
"""Half past ten in the evening of the day before, in New York."""
SETTLED = LATE_EVENING + timedelta(days=1)
ZONES = {"MAIN": ZoneInfo("America/New_York"), "WEST": ZoneInfo("America/Los_Angeles"), "OSLO": ZoneInfo("Europe/Oslo")}
AGAIN = ReadAgain("web", "magento", "order", "7")
WEB = OrderMoney("W-7", "MAIN", "USD", LATE_EVENING, LATE_EVENING, Sums(D("21.65"), D("21.65")), AGAIN)
POS = replace(WEB, again=ReadAgain("pos", "heartland", "order", "70"))


def what(web: list[OrderMoney], pos: list[OrderMoney]) -> list[tuple[str, D, bool]]:
    found = compare_payments(web, pos, ZONES, SETTLED).drifts
    return [(one.what, one.amount, one.again is not None) for one in found]


@pytest.mark.rule("money.business_date")
def test_money_counts_on_the_day_of_the_locations_own_clock() -> None:
    oslo = replace(WEB, public_id="W-8", location="OSLO")
    (new_york, norway) = match_days([WEB, oslo], [POS], ZONES)
    assert (new_york.day, new_york.location, new_york.matches) == (date(2026, 2, 28), "MAIN", True)
    assert (norway.day, norway.web_orders, norway.pos_orders, norway.matches) == (date(2026, 3, 1), 1, 0, False)
    assert norway.web == WEB.sums


def test_an_order_that_both_tell_alike_is_no_exception() -> None:
    assert what([WEB], [POS]) == []


def test_every_amount_that_differs_is_an_exception() -> None:
    assert what([WEB], [replace(POS, sums=Sums(D("21.65"), D("20.00"), D(1)))]) == [
        ("paid", D("1.65"), True),
        ("refunded", D(1), True),
    ]
    assert what([WEB], [replace(POS, sums=Sums(D("20.00"), D("21.65")))]) == [("total", D("1.65"), False)]


def test_an_order_that_one_side_lacks_is_an_exception() -> None:
    assert what([WEB], []) == [("missing", D("21.65"), True)]
    assert what([], [POS]) == [("not a web order", D("21.65"), False)]
    assert what([], [replace(POS, public_id="")]) == []


@pytest.mark.rule("money.business_date")
def test_another_business_date_is_an_exception() -> None:
    assert what([WEB], [replace(POS, location="WEST")]) == [("location", D("21.65"), False)]
    assert what([WEB], [replace(POS, at=LATE_EVENING + timedelta(hours=2))]) == [("business date", D("21.65"), False)]


def test_what_has_just_changed_is_not_judged() -> None:
    late = replace(POS, updated_at=SETTLED + timedelta(seconds=1), sums=Sums())
    found = compare_payments([WEB], [late], ZONES, SETTLED)
    assert (found.drifts, found.moving) == ((), 1)


def day_sum(day: date, total: str, tendered: str) -> DaySum:
    return DaySum(day, "MAIN", "USD", 1, D(2), D(total), D("1.65"), D(0), D(tendered), D(0), D(0))


def test_a_list_that_is_not_whole_is_told_by_the_report() -> None:
    day = LATE_EVENING.date()
    in_store = replace(POS, public_id="", sums=Sums(D(10), D(10)))
    report = [day_sum(day, "31.65", "31.65")]
    assert compare_with_report([POS, in_store], report, day, day) == []
    (found,) = compare_with_report([POS], report, day, day)
    assert (found.name, found.what, found.amount, found.unit) == ("2026-03-01 MAIN", "report", D(10), "USD")
    assert compare_with_report([replace(POS, at=LATE_EVENING - timedelta(days=3))], [], day, day) == []


CENTS = st.integers(0, 300).map(lambda cents: D(cents) / 100)
MONEY = st.builds(
    lambda number, location, hours, sums: replace(
        WEB, public_id=f"W-{number}", location=location, at=LATE_EVENING + timedelta(hours=hours), sums=sums
    ),
    st.integers(1, 6),
    st.sampled_from(sorted(ZONES)),
    st.integers(-30, 30),
    st.builds(Sums, CENTS, CENTS, CENTS),
)
BOOKS = st.lists(MONEY, unique_by=lambda order: order.public_id, max_size=6)


@given(BOOKS, BOOKS)
def test_no_cent_is_lost_by_sorting_into_days_and_a_day_that_does_not_match_has_an_exception(
    web: list[OrderMoney], pos: list[OrderMoney]
) -> None:
    days = match_days(web, pos, ZONES)
    assert sum((day.web for day in days), Sums()) == sum((order.sums for order in web), Sums())
    assert sum((day.pos for day in days), Sums()) == sum((order.sums for order in pos), Sums())
    if any(not day.matches for day in days):
        assert what(web, pos)
