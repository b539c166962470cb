"""Pieces go to the lines that have them, all of them or none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Rejected
from streams.sale.allocate import OpenLine, Wanted, all_that_is_left, allocate, named_otherwise

D = Decimal
LINES = (OpenLine("10", "CAP", D(2)), OpenLine("11", "TEE", D(1)), OpenLine("12", "CAP", D(3)))


def test_pieces_go_to_the_first_line_of_the_sku_that_has_some_left() -> None:
    assert allocate(LINES, [Wanted("CAP", D(4))], what="it") == {"10": D(2), "12": D(2)}


def test_a_named_line_is_served_before_pieces_of_its_sku() -> None:
    wanted = [Wanted("CAP", D(3)), Wanted("CAP", D(2), line_id="10")]
    assert allocate(LINES, wanted, what="it") == {"10": D(2), "12": D(3)}


@pytest.mark.parametrize("wanted", [Wanted("CAP", D(6)), Wanted("HAT", D(1)), Wanted("TEE", D(2), line_id="11")])
def test_more_than_is_left_is_refused_and_named(wanted: Wanted) -> None:
    with pytest.raises(Rejected, match=f"shipment 3 of order 42 has .* of '{wanted.sku}', but only"):
        allocate(LINES, [wanted], what="shipment 3 of order 42")


def test_an_alias_names_the_line_as_the_other_system_does() -> None:
    lines = named_otherwise(LINES, {"CAP": "POS-CAP"})
    assert allocate(lines, [Wanted("POS-CAP", D(1)), Wanted("TEE", D(1))], what="it") == {"10": D(1), "11": D(1)}


@given(
    left=st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 5)), min_size=1, max_size=6),
    wanted=st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 5)), max_size=5),
)
def test_what_is_given_out_is_what_was_wanted_and_no_line_gives_more_than_it_has(
    left: list[tuple[str, int]], wanted: list[tuple[str, int]]
) -> None:
    lines = [OpenLine(str(number), sku, D(pieces)) for number, (sku, pieces) in enumerate(left)]
    has = {sku: sum(line.left for line in lines if line.sku == sku) for sku in "ABC"}
    needs = {sku: sum(pieces for each, pieces in wanted if each == sku) for sku in "ABC"}
    wants = [Wanted(sku, D(pieces)) for sku, pieces in wanted]
    if any(needs[sku] > has[sku] for sku in "ABC"):
        with pytest.raises(Rejected):
            allocate(lines, wants, what="it")
        return
    found = allocate(lines, wants, what="it")
    by_id = {line.line_id: line for line in lines}
    assert all(D(0) < pieces <= by_id[line].left for line, pieces in found.items())
    assert {sku: sum(p for line, p in found.items() if by_id[line].sku == sku) for sku in "ABC"} == needs
    assert set(all_that_is_left(lines)) == {line.line_id for line in lines if line.left}
