"""Web orders against the point of sale's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import Ref
from streams.reconcile.drift import Drift, ReadAgain, summary
from streams.reconcile.orders import PosOrderSeen, WebOrderSeen, compare_orders
from tests.twins.clock import START

D = Decimal
NOW = START + timedelta(hours=1)
WEB = WebOrderSeen(
    Ref("web", "order", "7"), "000000007", "W-7", START, exported=True, totals=(D("21.65"),), currency="USD"
)
POS = PosOrderSeen(Ref("pos", "order", "70"), "W-7", "Open", D("21.65"), "USD", START)
AGAIN = ReadAgain("web", "magento", "order", "7")


def drift(web: WebOrderSeen | None, *pos: PosOrderSeen, linked: Ref | None = None) -> list[Drift]:
    links = {web.ref: linked} if web and linked else {}
    return list(compare_orders([web] if web else [], pos, links, NOW).drifts)


def test_an_order_that_both_have_alike_is_no_drift() -> None:
    assert drift(WEB, POS) == []


def test_a_missing_order_is_told_with_its_amount_and_read_again() -> None:
    (found,) = drift(WEB)
    assert (found.name, found.what, found.amount, found.unit, found.again) == (
        "W-7",
        "missing",
        D("21.65"),
        "USD",
        AGAIN,
    )


def test_an_order_that_waits_for_its_payment_is_not_missed() -> None:
    assert drift(replace(WEB, exported=False)) == []


def test_an_order_that_is_linked_needs_no_number() -> None:
    """One that was keyed in by hand before the launch, and matched then."""
    by_hand = replace(POS, public_id="")
    assert drift(WEB, by_hand, linked=by_hand.ref) == []
    assert [one.what for one in drift(WEB, by_hand)] == ["missing"]


def test_a_doubled_order_is_told_with_what_is_too_much_and_left_to_a_person() -> None:
    (found,) = drift(WEB, POS, replace(POS, ref=Ref("pos", "order", "71"), total=D(22)))
    assert (found.what, found.amount, found.again) == ("doubled", D(22), None)
    assert "order 70" in found.pos
    assert "order 71" in found.pos
    assert "cancel all but one" in found.advice


def test_a_cancelled_double_does_not_count() -> None:
    assert drift(WEB, replace(POS, ref=Ref("pos", "order", "71"), status="Cancelled"), POS) == []


def test_another_total_is_told_with_the_difference() -> None:
    (found,) = drift(WEB, replace(POS, total=D("20.00")))
    assert (found.what, found.amount, found.again) == ("total", D("1.65"), None)


def test_what_was_canceled_since_may_be_in_the_total_or_not() -> None:
    web = replace(WEB, totals=(D("21.65"), D("10.83")))
    assert drift(web, POS) == []
    assert drift(web, replace(POS, total=D("10.83"))) == []
    assert [one.what for one in drift(web, replace(POS, total=D(15)))] == ["total"]


def test_another_currency_is_no_difference_of_amounts() -> None:
    (found,) = drift(WEB, replace(POS, currency="EUR"))
    assert (found.what, found.amount) == ("currency", D(0))


def test_an_order_that_was_canceled_here_alone_is_read_again() -> None:
    (found,) = drift(replace(WEB, exported=False, canceled=True), POS)
    assert (found.what, found.amount, found.again) == ("not cancelled", D("21.65"), AGAIN)


def test_an_order_that_was_cancelled_there_alone_is_for_a_person() -> None:
    (found,) = drift(WEB, replace(POS, status="Cancelled"))
    assert (found.what, found.again) == ("cancelled in the point of sale alone", None)
    assert drift(replace(WEB, exported=False, canceled=True), replace(POS, status="Cancelled")) == []


def test_goods_that_have_left_there_and_not_here_are_told_again() -> None:
    (found,) = drift(replace(WEB, left_to_ship=D(2)), replace(POS, status="Fulfilled"))
    assert (found.what, found.again) == ("status", ReadAgain("pos", "heartland", "order", "70"))
    assert drift(WEB, replace(POS, status="Fulfilled")) == []


def test_a_web_order_that_there_is_not_is_told() -> None:
    (found,) = drift(None, POS)
    assert (found.what, found.name, found.amount, found.again) == ("not a web order", "W-7", D("21.65"), None)
    assert drift(None, replace(POS, public_id="")) == []
    assert drift(None, replace(POS, status="Cancelled")) == []


def test_an_order_that_cannot_be_understood_goes_to_review_by_being_read_again() -> None:
    (found,) = drift(replace(WEB, problem="0.01 USD is not explained"), POS)
    assert (found.what, found.web, found.again) == ("unreadable", "0.01 USD is not explained", AGAIN)


@pytest.mark.parametrize("late", ["web", "pos"])
def test_what_has_just_changed_is_not_judged(late: str) -> None:
    web = replace(WEB, updated_at=NOW + timedelta(seconds=late == "web"))
    pos = replace(POS, total=D(1), updated_at=NOW + timedelta(seconds=late == "pos"))
    found = compare_orders([web], [pos], {}, NOW)
    assert (found.drifts, found.moving, found.compared) == ((), 1, 1)


def test_the_summary_has_the_amounts_by_currency() -> None:
    euro = replace(WEB, ref=Ref("web", "order", "8"), public_id="E-8", currency="EUR")
    found = compare_orders([WEB, euro], [replace(POS, total=D("20.00"))], {}, NOW)
    assert summary(found) == "orders: 2 compared, 2 drift (21.65 EUR, 1.65 USD), 1 of them can be repaired"


ORDERS = st.builds(
    PosOrderSeen,
    ref=st.integers(1, 9).map(lambda number: Ref("pos", "order", str(number))),
    public_id=st.sampled_from(["W-1", "W-2", "W-3", ""]),
    status=st.sampled_from(["Open", "Fulfilled", "Cancelled"]),
    total=st.sampled_from([D(1), D(2)]),
    currency=st.just("USD"),
    updated_at=st.just(START),
)


@given(st.lists(ORDERS, unique_by=lambda order: order.ref))
def test_every_order_that_stands_and_names_a_web_order_is_right_or_told(pos: list[PosOrderSeen]) -> None:
    web = [replace(WEB, ref=Ref("web", "order", str(n)), public_id=f"W-{n}", totals=(D(1),)) for n in (1, 2)]
    told = {one.name for one in compare_orders(web, pos, {}, NOW).drifts}
    for name in ("W-1", "W-2", "W-3"):
        standing = [one for one in pos if one.public_id == name and one.stands]
        right = not standing if name == "W-3" else [one.total for one in standing] == [D(1)]
        assert (name not in told) == right
