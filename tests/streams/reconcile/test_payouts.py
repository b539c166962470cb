"""Web money against the gateway's payouts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from streams.reconcile.payouts import GatewayMoney, Payout, PayoutFileError, compare_payouts, read_payouts
from tests.twins.clock import START

D = Decimal
HEAD = "date,reference,gross,fee,net,currency\n"
TAKEN = GatewayMoney("ch_1", "W-7", D("21.65"), "USD", START)
PAID = Payout(date(2026, 3, 2), "ch_1", D("21.65"), D("0.93"), D("20.72"), "USD")
SETTLED = START + timedelta(days=7)


def what(taken: list[GatewayMoney], *paid: Payout) -> list[tuple[str, str, D]]:
    return [(one.name, one.what, one.amount) for one in compare_payouts(taken, paid, SETTLED)]


def test_a_file_is_read_whatever_the_order_of_its_columns() -> None:
    told = "currency,net,fee,gross,reference,date,note\nusd,20.72,0.93,21.65,ch_1,2026-03-02,hello\n"
    assert read_payouts(told.splitlines(keepends=True)) == (PAID,)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("date,reference\n", "no column gross, fee, net, currency"),
        (HEAD + "02.03.2026,ch_1,1,0,1,USD\n", "line 2: "),
        (HEAD + "2026-03-02,ch_1,1,0,1,USD\n" + '2026-03-02,ch_2,"1,000.00",0,1,USD\n', "line 3: "),
        (HEAD + "2026-03-02,ch_1,NaN,0,1,USD\n", "'NaN' is no amount"),
        (HEAD + "2026-03-02,,1,0,1,USD\n", "line 2: reference and currency"),
        (HEAD + "2026-03-02,ch_1,2.00,0.50,1.60,USD\n", "line 2: net 1.60 is not gross 2.00 - fee 0.50"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(content: str, told: str) -> None:
    with pytest.raises(PayoutFileError, match=told):
        read_payouts(content.splitlines(keepends=True))


@pytest.mark.rule("money.payouts")
def test_money_that_was_paid_out_as_it_was_taken_is_no_exception() -> None:
    refund = GatewayMoney("re_1", "W-7", D("-5.00"), "USD", START)
    assert what([TAKEN, refund], PAID, Payout(PAID.day, "re_1", D("-5.00"), D(0), D("-5.00"), "USD")) == []


@pytest.mark.rule("money.payouts")
def test_what_does_not_match_a_payout_is_told_with_its_amount() -> None:
    assert what([TAKEN]) == [("W-7", "not paid out", D("21.65"))]
    assert what([], PAID) == [("ch_1", "not in the web store", D("21.65"))]
    assert what([TAKEN], PAID, PAID) == [("W-7", "paid out twice", D("21.65"))]
    assert what([TAKEN], replace(PAID, gross=D("20.00"))) == [("W-7", "payout", D("1.65"))]
    assert what([TAKEN], replace(PAID, currency="EUR")) == [("W-7", "payout", D(0))]


def test_money_that_came_in_lately_may_be_paid_out_yet() -> None:
    assert what([replace(TAKEN, at=SETTLED + timedelta(seconds=1))]) == []
