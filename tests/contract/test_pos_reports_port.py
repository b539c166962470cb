"""The contract of `streams.ports.PosReports`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.sandbox.faults import Fault, Rule
from streams.errors import Transient
from streams.ports import DaySum, PosReports
from tests.contract.systems import PosSystem

FIRST, SECOND = date(2031, 8, 30), date(2031, 8, 31)
"""Days on which nobody has sold anything yet."""


@pytest.fixture
def reports(pos: PosSystem) -> PosReports:
    return pos.connector.reports


async def sell(pos: PosSystem, day: date, **fields: object) -> None:
    at = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    await pos.orders.create_order(pos.draft(OrderDate=at.isoformat(), **fields))


async def test_each_day_and_location_is_summed_up(pos: PosSystem, reports: PosReports) -> None:
    tenders = [{"Type": "Cash", "Amount": Decimal("20.00")}]
    await sell(pos, FIRST)
    await sell(pos, FIRST, Tenders=tenders, BalanceDue=Decimal("1.65"))
    await sell(pos, SECOND)
    first, second = await reports.day_sums(FIRST, SECOND, pos.location)
    assert first == DaySum(
        day=FIRST,
        location=pos.location,
        currency="USD",
        orders=2,
        units=Decimal(4),
        total=Decimal("43.30"),
        tax=Decimal("3.30"),
        discount=Decimal(0),
        tendered=Decimal("20.00"),
        due=Decimal("23.30"),
        refunded=Decimal(0),
    )
    assert (second.day, second.orders, second.total) == (SECOND, 1, Decimal("21.65"))
    assert await reports.day_sums(FIRST, FIRST) == (first,)
    assert await reports.day_sums(FIRST, FIRST, "no such place") == ()
    assert await reports.day_sums(SECOND + timedelta(days=1), SECOND + timedelta(days=9)) == ()


async def test_a_cancelled_order_does_not_count(pos: PosSystem, reports: PosReports) -> None:
    day = SECOND + timedelta(days=30)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    order = await pos.orders.create_order(pos.draft(OrderDate=at.isoformat()))
    assert [one.orders for one in await reports.day_sums(day, day)] == [1]
    await pos.orders.cancel_order(order.order_id)
    assert await reports.day_sums(day, day) == ()


async def test_a_report_that_fails_is_never_an_empty_day(pos: PosSystem, reports: PosReports) -> None:
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="report_transactions"))
    with pytest.raises(Transient):
        await reports.day_sums(FIRST, SECOND)
