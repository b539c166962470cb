"""The age of stock: when the change happened that a reading tells for the first time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.canonical import LocationLevel, StockHint
from streams.inventory.age import CHANGED, age_headers, changed_at, oldest_change
from streams.inventory.table import SkuState
from tests.streams.inventory.test_formula_rules import START, level

KNOWN = SkuState(changed={"MAIN": START}, read_at=START)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def hint(seconds: float | None, location: str = "MAIN") -> StockHint:
    changed = None if seconds is None else at(seconds)
    return StockHint(sku="A", cause="webhook", location=location, changed_at=changed)


def seen(seconds: float, location: str = "MAIN") -> LocationLevel:
    return level(1, location=location).model_copy(update={"updated_at": at(seconds)})


@pytest.mark.rule("stock.oversell_window")
@pytest.mark.parametrize(
    ("hints", "levels", "expected"),
    [
        ([hint(5)], [seen(5)], 5),
        # Two changes, one reading: the web store has been wrong since the first.
        ([hint(5), hint(9)], [seen(9)], 5),
        # No hint told of it.
        ([hint(None)], [seen(7)], 7),
        # The hint comes once more, as the first time was not finished.
        ([hint(0)], [seen(0)], 0),
        # A sale of the web: nothing has changed in store.
        ([hint(None)], [seen(0)], None),
        ([hint(-5)], [level(1)], None),
        # What another location has had for long is no news.
        ([hint(5)], [seen(5), seen(-900, "STORE2")], 5),
    ],
)
def test_the_oldest_change_that_is_news(
    hints: list[StockHint], levels: list[LocationLevel], expected: float | None
) -> None:
    assert oldest_change(KNOWN, hints, levels) == (None if expected is None else at(expected))


def test_the_first_reading_tells_how_things_have_been_for_long() -> None:
    assert oldest_change(SkuState(), [hint(-9000)], [seen(-9000)]) is None


def test_it_travels_beside_the_envelope() -> None:
    moment = datetime(2026, 11, 24, 13, 5, 6, 789000, tzinfo=UTC)
    assert changed_at([("receipt-id", b"r1"), *age_headers(moment)]) == moment
    assert age_headers(None) == []
    assert changed_at([]) is None
    assert changed_at([(CHANGED, b"soon")]) is None
