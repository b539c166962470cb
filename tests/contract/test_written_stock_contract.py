"""The contract of `streams.ports.WrittenStock`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from streams.ports import OversellWindow
from tests.postgres_server import Ports
from tests.twins.clock import FakeClock

ODD = "B\x00:ß"
QUARTER = timedelta(minutes=15)


async def keep(store: Ports, sku: str, target: str = "web", **pieces: str) -> None:
    quantities = {source: Decimal(quantity) for source, quantity in pieces.items()}
    await store.written_stock.keep(target, {sku: quantities})


async def test_what_is_kept_is_told_by_source(any_store: Ports) -> None:
    await any_store.written_stock.keep("web", {"A": {"main": Decimal("2.5000")}, ODD: {"main": Decimal(0)}})
    found = await any_store.written_stock.last("web", ["A", ODD, "C"])
    assert found == {"A": {"main": Decimal("2.5")}, ODD: {"main": Decimal(0)}}
    assert await any_store.written_stock.last("outlet", ["A"]) == {}
    assert await any_store.written_stock.last("web", []) == {}


async def test_a_source_that_is_not_named_keeps_what_it_had(any_store: Ports) -> None:
    await keep(any_store, "A", main="2", store2="3")
    await keep(any_store, "A", main="0")
    await any_store.written_stock.keep("web", {"A": {}})
    await any_store.written_stock.keep("web", {})
    assert await any_store.written_stock.last("web", ["A"]) == {"A": {"main": Decimal(0), "store2": Decimal(3)}}
    assert await any_store.written_stock.in_stock("web", QUARTER) == 1


async def test_in_stock_are_those_that_were_when_the_window_began_or_came_since(
    any_store: Ports, clock: FakeClock
) -> None:
    for sku in "ABC":
        await keep(any_store, sku, main="1")
    await keep(any_store, "NEVER", main="0")
    await keep(any_store, "D", target="outlet", main="1")
    clock.move(3600)
    await keep(any_store, "A", main="0")
    assert await any_store.written_stock.in_stock("web", QUARTER) == 3
    clock.move(600)
    await keep(any_store, "A", main="0")  # told again: it has been empty for ten minutes
    clock.move(300)
    assert await any_store.written_stock.in_stock("web", QUARTER) == 2
    await keep(any_store, "A", main="4")
    assert await any_store.written_stock.in_stock("web", QUARTER) == 3


@pytest.mark.rule("stock.oversell_window")
async def test_the_window_is_how_old_stock_was_when_it_was_written(any_store: Ports, clock: FakeClock) -> None:
    written = any_store.written_stock
    assert await written.window("web", QUARTER) == OversellWindow(0)
    one = {"main": Decimal(1)}
    await written.keep("web", {"OLD": one}, {"OLD": timedelta(hours=1)})
    await written.keep("outlet", {"A": one}, {"A": timedelta(hours=1)})
    clock.move(900)
    skus = [f"{ODD}{number}" for number in range(1, 101)]
    ages = {sku: timedelta(seconds=number) for number, sku in enumerate(skus, 1)}
    await written.keep("web", dict.fromkeys([*skus, "UNAGED"], one), ages)
    await written.keep("web", {skus[-1]: one})
    assert await written.window("web", QUARTER) == OversellWindow(100, timedelta(seconds=95), timedelta(seconds=99))
