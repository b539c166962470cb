"""What is sold twice, by what both systems have told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.canonical import LocationLevel, WebUnits
from streams.inventory.oversell import oversells, told
from tests.streams.inventory.test_formula_rules import level, state, units

D = Decimal


def missing(*given_units: WebUnits, at: LocationLevel) -> Decimal:
    found = oversells(state(*given_units), [at])
    return sum((one.missing for one in found), D(0))


@pytest.mark.rule("stock.oversell_detected")
@pytest.mark.parametrize(
    ("given_units", "at", "expected"),
    [
        # Nobody online has bought.
        ((), level(0), 0),
        ((), level(-2, 3), 0),
        # The last one, sold online only.
        ((units("web", unshipped=1),), level(1), 0),
        # And in store: it is gone from the shelf.
        ((units("web", unshipped=1),), level(0), 1),
        ((units("web", unshipped=1), units("pos", committed=1)), level(0, 1), 1),
        ((units("web", unshipped=3), units("pos", committed=3)), level(1, 3), 2),
        # The last one is held for a customer of the store, who has bought it.
        ((units("web", unshipped=1), units("pos", committed=1)), level(1, 2), 1),
        # Taken off for the web order: it is on the packing table.
        ((units("web", unshipped=1), units("pos", taken=1)), level(0), 0),
        ((units("web", unshipped=2), units("pos", committed=1, taken=1)), level(0, 1), 1),
        # Shipped, canceled.
        ((units("web"), units("pos", taken=1)), level(0), 0),
        ((units("web"), units("pos", committed=1)), level(0, 1), 0),
        # More is missing in store than online: only the web orders' pieces count.
        ((units("web", unshipped=1), units("pos", committed=1)), level(-4, 3), 1),
        # In doubt it is not: what is held may be the web order's, which the point of sale has not told yet,
        ((units("web", unshipped=1),), level(1, 1), 0),
        # and what it held and does not hold any more it may have taken for the order.
        ((units("web", unshipped=1), units("pos", committed=1)), level(0, 0), 0),
    ],
)
def test_what_is_missing_for_web_orders(given_units: tuple[WebUnits, ...], at: LocationLevel, expected: int) -> None:
    assert missing(*given_units, at=at) == expected


pieces = st.integers(0, 6)


@given(on_hand=st.integers(-3, 9), held=pieces, ordered=st.lists(pieces, max_size=3))
def test_exactly_what_the_shelf_lacks_is_missing(on_hand: int, held: int, ordered: list[int]) -> None:
    """Once both sides have told all: those who bought in store come first, and the web gets what is left."""
    orders = [f"web:order:{number}" for number in range(len(ordered))]
    made = state(
        *(units("web", order=order, unshipped=left) for order, left in zip(orders, ordered, strict=True)),
        *(units("pos", order=order, committed=left) for order, left in zip(orders, ordered, strict=True)),
    )
    found = oversells(made, [level(on_hand, held + sum(ordered))])
    left_for_the_web = max(0, on_hand - held)
    assert sum(one.missing for one in found) == max(0, sum(ordered) - left_for_the_web)


@pytest.mark.rule("stock.oversell_review")
def test_the_ways_out_are_told_with_the_orders_and_who_has_some_free() -> None:
    made = state(
        units("web", order="web:order:41", at=1, unshipped=1),
        units("web", order="web:order:42", at=2, unshipped=1),
        units("web", order="web:order:43", at=3, unshipped=2, location="STORE2"),
        units("pos", order="web:order:43", at=3, committed=2, location="STORE2"),
    )
    main = level(1).model_copy(update={"updated_at": datetime(2026, 11, 24, 13, 5, tzinfo=UTC)})
    (found,) = oversells(made, [main, level(5, 3, location="STORE2"), level(2, 2, location="STORE3")])
    assert (found.location, found.orders, found.elsewhere) == (
        "MAIN",
        ("web:order:42", "web:order:41"),
        {"STORE2": D(2)},
    )
    assert told("pos", "A", found) == (
        "'A' is sold in store and online: MAIN of pos has 1 on hand, 0 of them held for sales in store, and is 1 short "
        "for the web orders that wait there: web:order:42, web:order:41 (in store: the tickets of MAIN until "
        "2026-11-24 13:05 UTC). other-location: STORE2 has 2 free; backorder: tell the customer that it comes later; "
        "cancel-and-refund: cancel or refund the piece in the web store. The newest order is the one that came too "
        "late."
    )


@pytest.mark.rule("channels.ship_from_priority")
def test_other_locations_are_offered_in_the_order_in_which_they_ship_for_the_channel() -> None:
    made = state(units("web", order="web:order:41", at=1, unshipped=1))
    levels = [level(0), *(level(2, location=place) for place in ("STORE2", "STORE3", "STORE4"))]
    (found,) = oversells(made, levels)
    message = told("pos", "A", found, ("MAIN", "STORE4", "STORE3", "STORE9"))
    assert "other-location: STORE4 has 2 free, STORE3 has 2 free, STORE2 has 2 free;" in message


def test_many_orders_are_counted_not_listed_and_no_other_location_is_said() -> None:
    made = state(*(units("web", order=f"web:order:{number}", at=number, unshipped=1) for number in range(7)))
    (found,) = oversells(made, [level(0)])
    message = told("pos", "A", found)
    assert "web:order:6, web:order:5, web:order:4, web:order:3, web:order:2 and 2 more" in message
    assert "other-location: no other location has one free" in message
    assert "tickets of MAIN)" in message
