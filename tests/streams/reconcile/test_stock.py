"""What the sources hold against the formula."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import LocationLevel, WebUnits
from schemas.ids import Ref
from streams.inventory.table import SkuState
from streams.reconcile.drift import Comparison, ReadAgain
from streams.reconcile.stock import SkuSeen, accuracy, compare_stock
from tests.twins.clock import START

D = Decimal
NOW = START + timedelta(hours=1)
SOURCES = {"MAIN": "main", "STORE2": "store2"}


def level(location: str, on_hand: int, committed: int = 0) -> LocationLevel:
    return LocationLevel(location=location, on_hand=D(on_hand), committed=D(committed), updated_at=START)


SKU = SkuSeen("A", "A", (level("MAIN", 5), level("STORE2", 2)), held={"main": D(5), "store2": D(2)})


def compare(*skus: SkuSeen) -> Comparison:
    return compare_stock(skus, SOURCES, pos="pos", web="web", settled_before=NOW)


def test_pairs_that_equal_the_formula_are_no_drift() -> None:
    found = compare(SKU)
    assert (found.compared, found.drifts) == (2, ())


def test_a_pair_that_differs_is_told_in_pieces_and_read_again_as_if_it_had_never_been_written() -> None:
    alias = replace(SKU, web_sku="a-web", held={"main": D(9), "store2": D(2)})
    (found,) = compare(alias).drifts
    assert (found.name, found.what, found.web, found.pos, found.amount, found.unit) == (
        "a-web at main",
        "quantity",
        "9",
        "5",
        D(4),
        "pieces",
    )
    assert found.again == ReadAgain("pos", "heartland", "inventory", "A", ("web", Ref("pos", "sku", "A")))


def test_a_source_without_a_row_is_missing_even_where_it_would_hold_nothing() -> None:
    found = compare(replace(SKU, levels=(level("MAIN", 0), level("STORE2", 2)), held={"store2": D(2)}))
    assert [(one.name, one.what) for one in found.drifts] == [("A at main", "missing")]


def test_a_location_that_no_source_stands_for_is_not_compared() -> None:
    assert compare(replace(SKU, levels=(*SKU.levels, level("ATTIC", 99)))).compared == 2


@pytest.mark.rule("stock.accuracy")
def test_what_web_orders_hold_counts_as_the_formula_counts_it() -> None:
    """The web store's own unshipped pieces are subtracted there: 5 on hand, 2 of them committed for a web order."""
    units = WebUnits(order="web:order:1", location="MAIN", side="web", at=START, unshipped=D(2))
    held_there = WebUnits(order="web:order:1", location="MAIN", side="pos", at=START, committed=D(2))
    seen = replace(SKU, levels=(level("MAIN", 5, 2), SKU.levels[1]), state=SkuState().apply(units).apply(held_there))
    assert compare(seen).drifts == ()
    assert [one.pos for one in compare(replace(seen, state=SkuState())).drifts] == ["3"]


@pytest.mark.rule("stock.accuracy")
def test_the_accuracy_is_the_share_of_right_pairs_and_a_miss_of_the_target_is_said() -> None:
    right = [replace(SKU, pos_sku=f"S{n}", web_sku=f"S{n}") for n in range(999)]
    wrong = replace(SKU, held={"main": D(9), "store2": D(2)})
    bad = replace(SKU, pos_sku="B", held={"main": D(9), "store2": D(9)})
    assert compare(*right, wrong).notes == ("stock accuracy 99.950% of 2000 pairs of SKU and source (target 99.9%)",)
    (told,) = compare(*right[:-1], wrong, bad).notes
    assert told == "stock accuracy 99.850% of 2000 pairs of SKU and source (target 99.9%): below the target"
    assert accuracy(0, 0) == 1


def test_a_sku_that_has_just_moved_is_not_judged() -> None:
    late = LocationLevel(location="MAIN", on_hand=D(1), committed=D(0), updated_at=NOW + timedelta(seconds=1))
    found = compare(replace(SKU, levels=(late, level("STORE2", 9))))
    assert (found.drifts, found.moving) == ((), 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_what_is_told_is_what_differs(pairs: list[tuple[int, int]]) -> None:
    skus = [
        SkuSeen(f"S{n:02}", f"S{n:02}", (level("MAIN", ours),), held={"main": D(theirs)})
        for n, (ours, theirs) in enumerate(pairs)
    ]
    found = compare(*skus)
    assert [one.amount for one in found.drifts] == [abs(ours - theirs) for ours, theirs in pairs if ours != theirs]
    assert accuracy(found.compared, len(found.drifts)) == (
        D(sum(ours == theirs for ours, theirs in pairs)) / len(pairs) if pairs else 1
    )
