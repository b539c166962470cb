"""The stock formula and the table's state, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import pytest

from schemas.canonical import LocationLevel, Selling, WebUnits
from streams.inventory.formula import item_quantities, source_quantities
from streams.inventory.table import IDLE_KEPT, OrderUnits, SkuState

D = Decimal
START = datetime(2026, 11, 24, tzinfo=UTC)


def units(
    side: Literal["web", "pos"],
    *,
    order: str = "web:order:42",
    at: int = 0,
    location: str = "MAIN",
    unshipped: int = 0,
    shipped: int = 0,
    committed: int = 0,
    taken: int = 0,
) -> WebUnits:
    return WebUnits(
        order=order,
        location=location,
        side=side,
        at=START + timedelta(seconds=at),
        unshipped=D(unshipped),
        shipped=D(shipped),
        committed=D(committed),
        taken=D(taken),
    )


def state(*told: WebUnits) -> SkuState:
    made = SkuState()
    for one in told:
        made = made.apply(one)
    return made


def level(on_hand: int, committed: int = 0, location: str = "MAIN") -> LocationLevel:
    return LocationLevel(location=location, on_hand=D(on_hand), committed=D(committed))


def selling(active: bool, *, at: int) -> Selling:
    return Selling(active=active, at=START + timedelta(seconds=at))


def quantity(made: SkuState, *levels: LocationLevel) -> list[Decimal]:
    return [stock.quantity for stock in source_quantities(made, levels)]


@pytest.mark.rule("stock.msi_formula")
@pytest.mark.rule("stock.not_available_quantity")
@pytest.mark.rule("stock.clamped_at_zero")
@pytest.mark.rule("stock.not_below_unshipped")
@pytest.mark.rule("stock.reservations_once")
@pytest.mark.parametrize(
    ("told", "at", "expected"),
    [
        ((), level(10), 10),
        # A special order in store is committed, and no reservation of Magento knows it.
        ((), level(10, 3), 7),
        # Placed online, not yet in the point of sale: Magento's reservation subtracts it.
        ((units("web", unshipped=2),), level(10), 10),
        # Committed for the web order: not subtracted twice.
        ((units("web", unshipped=2), units("pos", committed=2)), level(10, 2), 10),
        ((units("web", unshipped=2), units("pos", committed=2)), level(10, 5), 7),
        # Taken off the shelf, not shipped in Magento: put back until it is.
        ((units("web", unshipped=2), units("pos", taken=2)), level(8), 10),
        # Shipped in both.
        ((units("web"), units("pos", taken=2)), level(8), 8),
        # Shipped in Magento, still committed here: gone, and no reservation left.
        ((units("web"), units("pos", committed=2)), level(10, 2), 8),
        # Part shipped: one piece is still reserved.
        ((units("web", unshipped=1), units("pos", committed=2)), level(10, 2), 9),
        # Canceled in the point of sale only: Magento still reserves it.
        ((units("web", unshipped=2), units("pos")), level(10), 10),
        # The web's own units are never taken away from it.
        ((units("web", unshipped=4),), level(1), 4),
        ((), level(-3), 0),
        ((), level(1, 3), 0),
    ],
)
def test_the_msi_formula(told: tuple[WebUnits, ...], at: LocationLevel, expected: int) -> None:
    assert quantity(state(*told), at) == [D(expected)]


@pytest.mark.rule("products.inactive")
def test_of_a_sku_that_is_not_sold_any_more_the_last_pieces_go_and_no_new_ones_come() -> None:
    ended = state().told(selling(False, at=5))
    for on_hand, offered in ((10, 10), (7, 7), (40, 7), (6, 6), (9, 6)):
        ended = ended.counted([level(on_hand)])
        assert quantity(ended, level(on_hand)) == [D(offered)]
    ended = SkuState.from_json(ended.to_json())
    assert quantity(ended.told(selling(True, at=4)), level(40)) == [D(6)], "it was sold before, and is not now"
    assert quantity(ended.told(selling(True, at=6)), level(40)) == [D(40)]


@pytest.mark.rule("products.inactive")
def test_what_the_web_has_sold_of_a_sku_that_is_not_sold_any_more_is_not_lost_on_its_way() -> None:
    ended = state(units("web", unshipped=2)).told(selling(False, at=5)).counted([level(8)])  # taken, and not yet told
    ended = ended.apply(units("pos", taken=2)).counted([level(8)])
    assert quantity(ended, level(8)) == [D(10)]


def test_an_order_counts_where_it_ships_from() -> None:
    made = state(units("web", unshipped=2, location="MAIN"), units("pos", taken=2, location="STORE2"))
    assert quantity(made, level(10), level(5, location="STORE2")) == [D(10), D(7)]


def test_the_result_tells_what_it_was_made_from() -> None:
    (stock,) = source_quantities(SkuState(), [level(10, 3)])
    assert (stock.location, stock.on_hand, stock.committed) == ("MAIN", D(10), D(3))


def test_a_doubt_never_sells_too_much() -> None:
    # The hint says committed; the levels say that nothing is: it may be canceled.
    assert quantity(state(units("web", unshipped=2), units("pos", committed=2)), level(10, 0)) == [D(10)]


@pytest.mark.rule("stock.legacy_formula")
@pytest.mark.parametrize(
    ("told", "at", "expected"),
    [
        ((), level(10, 3), 7),
        ((units("web", unshipped=2),), level(10), 8),
        ((units("web", unshipped=2), units("pos", committed=2)), level(10, 2), 8),
        ((units("web", unshipped=2), units("pos", taken=2)), level(8), 8),
        ((units("web", unshipped=2, location="STORE2"),), level(10), 10),
        # Canceled at the till, or taken apart: Magento still waits for both, or for one of them.
        ((units("web", unshipped=2), units("pos")), level(10), 8),
        ((units("web", unshipped=2), units("pos", committed=1)), level(10, 1), 8),
        # The till still holds what Magento has shipped.
        ((units("web"), units("pos", committed=2)), level(10, 2), 8),
        ((), level(1, 3), 0),
    ],
)
def test_the_legacy_formula(told: tuple[WebUnits, ...], at: LocationLevel, expected: int) -> None:
    (stock,) = item_quantities(state(*told), [at])
    assert stock.quantity == D(expected)


@pytest.mark.rule("stock.legacy_formula")
@pytest.mark.rule("stock.location_buffer")
def test_where_stock_is_legacy_a_buffer_cuts_what_is_offered() -> None:
    made = state(units("web", unshipped=2))
    assert [stock.quantity for stock in item_quantities(made, [level(10)], {"MAIN": D(3)})] == [D(5)]
    assert [stock.quantity for stock in item_quantities(made, [level(4)], {"MAIN": D(3)})] == [D(0)]


@pytest.mark.rule("stock.location_buffer")
@pytest.mark.parametrize(
    ("told", "at", "expected"),
    [
        ((), level(10), 7),
        ((), level(2), 0),
        # Two are still to ship: the buffer cuts what exceeds them, and never these.
        ((units("web", unshipped=2),), level(10), 7),
        ((units("web", unshipped=2),), level(4), 2),
        ((units("web", unshipped=2), units("pos", taken=2)), level(1), 2),
    ],
)
def test_a_locations_buffer_cuts_only_what_exceeds_the_units_still_to_ship(
    told: tuple[WebUnits, ...], at: LocationLevel, expected: int
) -> None:
    main, other = source_quantities(state(*told), [at, level(5, location="STORE2")], {"MAIN": D(3)})
    assert (main.quantity, other.quantity) == (D(expected), D(5))


# -- The table's state ------------------------------------------------------------------------------------------


def test_an_older_telling_never_replaces_a_newer_one() -> None:
    newer = state(units("web", at=5, unshipped=1), units("pos", at=5, taken=1))
    for older in (units("web", at=4, unshipped=2), units("pos", at=4, committed=1)):
        assert newer.apply(older) == newer


@pytest.mark.parametrize("pieces", [(2, 1), (1, 2)])
def test_of_what_the_web_store_tells_of_one_second_the_least_is_left_to_ship(pieces: tuple[int, int]) -> None:
    """Magento moves no time for many a shipment, and a telling from before it may come last."""
    told = state(*(units("web", unshipped=left) for left in pieces))
    assert told.orders["web:order:42"].unshipped == 1


def test_a_later_telling_of_the_web_store_counts_whatever_it_says() -> None:
    assert state(units("web", unshipped=1), units("web", at=1, unshipped=2)).orders["web:order:42"].unshipped == 2


def test_a_telling_of_the_point_of_sale_of_the_same_moment_replaces() -> None:
    assert state(units("pos", committed=2), units("pos", committed=3)).orders["web:order:42"].committed == 3


def test_the_same_telling_twice_changes_nothing() -> None:
    once = state(units("web", unshipped=2))
    assert once.apply(units("web", unshipped=2)) is once


def test_a_finished_order_is_not_revived_by_an_old_telling() -> None:
    finished = state(units("web", at=9), units("pos", at=8, taken=2), units("web", at=1, unshipped=2))
    assert quantity(finished, level(8)) == [D(8)]


def test_only_the_latest_idle_orders_are_kept() -> None:
    made = state(units("web", order="web:order:open", unshipped=1))
    for number in range(IDLE_KEPT + 3):
        made = made.apply(units("web", order=f"web:order:{number}", at=number))
    assert len(made.orders) == IDLE_KEPT + 1
    assert "web:order:open" in made.orders
    assert "web:order:2" not in made.orders
    assert "web:order:3" in made.orders


def test_what_forgotten_orders_have_moved_still_counts() -> None:
    """Or the next piece that leaves could look like one of theirs, and its source would not be written again."""
    made = SkuState()
    for number in range(IDLE_KEPT + 3):
        made = made.apply(units("web", order=f"web:order:{number}", at=number, shipped=1))
        assert made.moved == number + 1
    assert SkuState.from_json(made.to_json()) == made


def test_the_state_survives_its_bytes() -> None:
    made = state(
        units("web", at=1, unshipped=2),
        units("pos", at=2, committed=1, location="STORE2"),
        units("pos", at=2, taken=3, order="web:order:43"),
    )
    assert SkuState.from_json(made.to_json()) == made
    read = replace(made, read_at=made.next_reading(START))
    assert SkuState.from_json(read.to_json()) == read
    assert SkuState.from_json(None) == SkuState()


def test_a_state_from_before_versions_were_kept_is_read() -> None:
    assert SkuState.from_json(b'{"orders": {}}') == SkuState()


def test_an_order_ships_from_where_the_point_of_sale_booked_it() -> None:
    assert OrderUnits(web_location="MAIN").location == "MAIN"
    assert OrderUnits(web_location="MAIN", pos_location="STORE2").location == "STORE2"
