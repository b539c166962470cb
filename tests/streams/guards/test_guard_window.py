"""Windows: no more than the limit passes in any quarter of an hour, and an approval lets exactly its list pass."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.guards.limits import WINDOW
from streams.guards.window import DECIDED_FOR, Mark, Window, judge
from streams.guards.words import told
from streams.ports import GuardHold, GuardKind, ListedChange, Proposed, Standing
from tests.twins.clock import START, FakeClock
from tests.twins.guards import MemoryGuards

ZEROED, JUMPED = GuardKind.STOCK_ZEROED, GuardKind.PRICE_JUMPED
SKUS = st.sampled_from([f"S{number}" for number in range(12)])
BATCHES = st.lists(
    st.tuples(st.integers(0, 1200), st.lists(SKUS, min_size=1, max_size=4, unique=True)), min_size=1, max_size=40
)
"""Seconds that go by, and what is zeroed then."""


def zero(sku: str, receipt: str = "r") -> Proposed:
    return Proposed(sku, Decimal(5), Decimal(0), receipt)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


@pytest.mark.rule("guards.mass_zero")
@given(BATCHES, st.integers(20, 80))
def test_never_more_than_the_limit_passes_in_any_quarter_of_an_hour(
    batches: list[tuple[int, list[str]]], population: int
) -> None:
    async def story() -> None:
        clock = FakeClock()
        guards = MemoryGuards(clock)
        passed: list[tuple[datetime, str]] = []
        for wait, skus in batches:
            clock.move(wait)
            verdicts = await guards.judge(ZEROED, "web", [zero(sku) for sku in skus], population)
            passed += [(clock.now(), sku) for sku, verdict in verdicts.items() if verdict.passes]
        for end, _ in passed:
            inside = {sku for at, sku in passed if end - WINDOW < at <= end}
            assert len(inside) <= population * 5 // 100
        # once a window was held, nothing passes but what has passed in it already
        assert bool(await guards.open_holds()) == any(
            row.mark.standing is Standing.HELD for row in guards.rows.values()
        )

    run(story())


@given(BATCHES, st.sets(SKUS), st.integers(1, 20 * 3600))
def test_an_approval_lets_exactly_the_list_pass(
    batches: list[tuple[int, list[str]]], later: set[str], hours: int
) -> None:
    async def story() -> None:
        clock = FakeClock()
        guards = MemoryGuards(clock)
        for wait, skus in batches:
            clock.move(wait)
            await guards.judge(ZEROED, "web", [zero(sku) for sku in skus], 20)
        for hold in await guards.open_holds():
            listed = {one.sku for one in await guards.changes(hold.number) if one.standing is Standing.HELD}
            await guards.decide(hold.number, approve=True, by="ann", reason="sold out")
            clock.move(hours)
            verdicts = await guards.judge(ZEROED, "web", [zero(sku) for sku in sorted(later | listed)], 0)
            passed = {sku for sku, verdict in verdicts.items() if verdict.passes}
            assert listed <= passed
            new = passed - listed
            assert len(new) <= 1

    run(story())


@pytest.mark.rule("guards.price_jump")
@given(st.lists(SKUS, min_size=1, unique=True), st.integers(1, 100_000))
def test_a_file_with_slipped_decimals_changes_no_price(skus: list[str], population: int) -> None:
    async def story() -> None:
        guards = MemoryGuards(FakeClock())
        slipped = [Proposed(sku, Decimal("19.99"), Decimal(1999), "r") for sku in skus]
        verdicts = await guards.judge(JUMPED, "web", slipped, population)
        assert not any(verdict.passes for verdict in verdicts.values())

    run(story())


@pytest.mark.parametrize(
    ("mark", "age", "standing"),
    [
        (Standing.PASSED, WINDOW - timedelta(seconds=1), Standing.PASSED),
        (Standing.PASSED, WINDOW, Standing.HELD),
        (Standing.USED, WINDOW - timedelta(seconds=1), Standing.USED),
        (Standing.USED, WINDOW, Standing.HELD),
        (Standing.APPROVED, DECIDED_FOR - timedelta(seconds=1), Standing.USED),
        (Standing.APPROVED, DECIDED_FOR, Standing.HELD),
        (Standing.REJECTED, DECIDED_FOR - timedelta(seconds=1), Standing.HELD),
        (Standing.HELD, 30 * DECIDED_FOR, Standing.HELD),
    ],
)
def test_what_is_known_of_a_sku_decides_for_so_long(mark: Standing, age: timedelta, standing: Standing) -> None:
    window = Window(passed=0, held=False, marks={"A": Mark(mark, START - age, "r")})
    assert judge(window, [zero("A")], 0, START).marks["A"].standing is standing


def test_a_change_that_was_rejected_is_held_where_there_is_room_for_it() -> None:
    window = Window(passed=0, held=False, marks={"A": Mark(Standing.REJECTED, START, "r")})
    ruling = judge(window, [zero("A"), zero("B")], 5, START)
    assert {sku: mark.standing for sku, mark in ruling.marks.items()} == {"A": Standing.HELD, "B": Standing.PASSED}
    assert ruling.opens


def test_a_person_is_told_what_how_many_the_first_ten_and_the_commands() -> None:
    first = [ListedChange(f"S{n}", Decimal("70.00"), Decimal(0), START, Standing.HELD, "r") for n in range(10)]
    message = told(GuardHold(3, ZEROED, "web", START, 2000, 100, 812, 44, first))
    assert message.startswith(
        "812 of 2000 SKUs would be set to zero stock in web; more than 100 in 15 minutes wait for a person. "
        "Nothing of these is written: S0 70 → 0, S1 70 → 0, "
    )
    assert "S9 70 → 0 and 802 more. 44 before them were written and stay. " in message
    assert "tillstream guards show 3" in message
    assert "tillstream guards approve 3 --reason WHY" in message
    assert "tillstream guards reject 3 --reason WHY" in message
    alone = told(GuardHold(3, ZEROED, "web", START, 20, 1, 1, 0, first[:1]))
    assert "S0 70 → 0. Look" in alone
