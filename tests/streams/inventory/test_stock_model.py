"""Both systems as models: whatever happens in whatever order, the web sells exactly what the shop can sell."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.streams.inventory.two_shops import Mode, TwoShops
from tests.twins.loop import run_in_no_time

ACTS = (
    "place",
    "place",
    "import",
    "invoice",
    "ship",
    "cancel",
    "refund what is left",
    "refund and put back",
    "fulfil",
    "let go",
    "return",
    "special order",
    "sell in store",
    "deliver to the store",
    "count",
)
MORNING = (("place", 0, 2), ("place", 0, 1), ("import", 0, 1))
"""What the day begins with, so that it gets somewhere."""
TELLING = ("told", "told", "told twice", "all told", "a second passes")
Event = tuple[str, int, int]

events = st.lists(st.tuples(st.sampled_from(ACTS + TELLING), st.integers(0, 3), st.integers(1, 4)), max_size=40)


async def play(mode: Mode, day: list[Event]) -> None:
    """A day of both shops; whenever everything is told, the web must offer what there is."""
    shops = TwoShops(mode)
    await shops.open()
    for name, which, pieces in MORNING:
        shops.act(name, which, pieces)
    for name, which, pieces in [*day, ("all told", 0, 1)]:
        match name:
            case "told" | "told twice":
                await shops.some_told(which, pieces, again=name == "told twice")
            case "a second passes":
                shops.a_second_passes()
            case "all told":
                await shops.all_told()
                assert shops.offered == max(0, shops.sellable)
            case _:
                shops.act(name, which, pieces)
        assert shops.held >= 0


@pytest.mark.rule("stock.model_msi")
@pytest.mark.rule("stock.msi_formula")
@pytest.mark.rule("stock.clamped_at_zero")
@pytest.mark.rule("stock.not_below_unshipped")
@pytest.mark.rule("stock.reservations_once")
@settings(max_examples=150)
@given(day=events)
def test_with_sources_the_web_offers_what_nobody_has_bought(day: list[Event]) -> None:
    run_in_no_time(play("msi", day))


@pytest.mark.rule("stock.model_legacy")
@pytest.mark.rule("stock.legacy_formula")
@settings(max_examples=150)
@given(day=events)
def test_with_a_stock_item_the_web_offers_what_nobody_has_bought(day: list[Event]) -> None:
    run_in_no_time(play("legacy", day))
