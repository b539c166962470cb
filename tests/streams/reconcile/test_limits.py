"""When a repair is refused."""

from __future__ import annotations

import pytest

from streams.errors import Rejected
from streams.reconcile.drift import Comparison, Drift, ReadAgain, Subject
from streams.reconcile.limits import most_repairs, require_decided, require_few


def found(number: int, compared: int = 100, subject: Subject = Subject.STOCK) -> Comparison:
    drifts = [
        Drift(f"S{n}", "quantity", "1", "2", again=ReadAgain("pos", "heartland", "inventory", f"S{n}"))
        for n in range(number)
    ]
    return Comparison(subject, compared, tuple(drifts))


def test_a_little_drift_is_repaired_and_much_is_refused_unless_a_person_says_how_much() -> None:
    require_few(found(20), None)
    with pytest.raises(Rejected, match=r"21 of 100 stock drift, and at most 20 .* --up-to 21"):
        require_few(found(21), None)
    require_few(found(21), 21)
    assert most_repairs(10_000) == 500


@pytest.mark.parametrize("subject", [Subject.ORDERS, Subject.PAYMENTS])
@pytest.mark.parametrize(
    ("confirmed", "reason"),
    [
        pytest.param(None, "asked by Ann", marks=pytest.mark.rule("guards.repair_second_confirmation")),
        pytest.param(2, "asked by Ann", marks=pytest.mark.rule("guards.repair_preview")),
        pytest.param(3, " ", marks=pytest.mark.rule("guards.repair_audit_reason")),
    ],
)
def test_money_is_not_moved_without_a_second_look_and_a_reason(
    subject: Subject, confirmed: int | None, reason: str
) -> None:
    with pytest.raises(Rejected, match="--confirm 3 and --reason"):
        require_decided(found(3, subject=subject), confirmed, reason)
    require_decided(found(3, subject=subject), 3, "asked by Ann")


@pytest.mark.rule("guards.stock_repairs_itself")
def test_stock_may_be_repaired_without_being_asked() -> None:
    require_decided(found(3), None, "")


def test_one_event_repairs_all_that_it_concerns() -> None:
    again = ReadAgain("pos", "heartland", "inventory", "A")
    two = tuple(Drift(f"A at {source}", "quantity", "1", "2", again=again) for source in ("main", "store2"))
    assert Comparison(Subject.STOCK, 2, two).repairs == (again,)
