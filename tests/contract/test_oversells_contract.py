"""The contract of `streams.ports.Oversells`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from streams.ports import Oversell, WayOut
from tests.postgres_server import Ports
from tests.twins.clock import START

ODD = "B\x00:ß"
SHORT = Oversell(
    location="MAIN",
    missing=Decimal(1),
    on_hand=Decimal(0),
    held=Decimal("0.5"),
    orders=("web:order:42", "web:order:41"),
    elsewhere={"STORE2": Decimal(3)},
    changed_at=START,
)


async def keep(store: Ports, *found: Oversell, sku: str = "A", at: int = 0) -> None:
    await store.oversells.keep("pos", sku, found, START + timedelta(seconds=at))


@pytest.mark.rule("stock.oversell_review")
async def test_what_is_found_waits_for_a_person_with_all_that_is_known(any_store: Ports) -> None:
    await keep(any_store, SHORT, replace(SHORT, location=ODD, changed_at=None), sku=ODD)
    main, odd = await any_store.oversells.waiting()
    assert (main.connection, main.sku, main.oversell, main.found_at) == ("pos", ODD, SHORT, START)
    assert (odd.oversell.location, odd.oversell.changed_at, odd.waits) == (ODD, None, True)
    assert await any_store.oversells.get(main.number) == main
    assert await any_store.oversells.get(99) is None


async def test_found_again_it_is_the_same_one_as_it_stands_now(any_store: Ports) -> None:
    await keep(any_store, SHORT)
    await keep(any_store, replace(SHORT, missing=Decimal(2)), at=1)
    await keep(any_store, SHORT, at=1)
    (row,) = await any_store.oversells.waiting()
    assert (row.found_at, row.oversell.missing) == (START, Decimal(2))


async def test_it_is_over_when_a_reading_does_not_find_it(any_store: Ports) -> None:
    await keep(any_store, SHORT, replace(SHORT, location="STORE2"))
    await keep(any_store, SHORT, sku="B")
    await keep(any_store, SHORT, at=1)
    assert [(row.sku, row.oversell.location) for row in await any_store.oversells.waiting()] == [
        ("A", "MAIN"),
        ("B", "MAIN"),
    ]
    (of_a, _) = await any_store.oversells.waiting()
    await keep(any_store, at=2)
    await keep(any_store, SHORT, at=3)
    (again, other) = sorted(await any_store.oversells.waiting(), key=lambda row: row.sku)
    assert (again.found_at, other.sku) == (START + timedelta(seconds=3), "B")
    first = await any_store.oversells.get(of_a.number)
    assert first is not None
    assert (first.ended_at, first.waits) == (START + timedelta(seconds=2), False)


async def test_an_older_reading_changes_nothing(any_store: Ports) -> None:
    await keep(any_store, SHORT, at=5)
    await keep(any_store, at=4)
    await keep(any_store, replace(SHORT, missing=Decimal(9)), at=4)
    (row,) = await any_store.oversells.waiting()
    assert row.oversell == SHORT


@pytest.mark.rule("stock.oversell_review")
async def test_a_decision_ends_the_waiting_until_more_is_missing(any_store: Ports) -> None:
    await keep(any_store, SHORT)
    (row,) = await any_store.oversells.waiting()
    assert await any_store.oversells.decide(row.number, WayOut.BACKORDER, by="Ann", reason="comes on Monday")
    await keep(any_store, SHORT, at=1)
    assert await any_store.oversells.waiting() == []
    decided = await any_store.oversells.get(row.number)
    assert decided is not None
    assert (decided.way, decided.decided_by, decided.reason) == (WayOut.BACKORDER, "Ann", "comes on Monday")
    await keep(any_store, replace(SHORT, missing=Decimal(2)), at=2)
    assert [one.number for one in await any_store.oversells.waiting()] == [row.number]


async def test_nothing_is_decided_of_what_is_over_or_never_was(any_store: Ports) -> None:
    await keep(any_store, SHORT)
    (row,) = await any_store.oversells.waiting()
    await keep(any_store, at=1)
    for number in (row.number, row.number + 1):
        assert not await any_store.oversells.decide(number, WayOut.BACKORDER, by="Ann", reason="late")
