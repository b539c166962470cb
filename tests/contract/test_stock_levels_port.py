"""The contract of `streams.ports.StockLevels`."""

from __future__ import annotations

import pytest

from app.sandbox.faults import Fault, Rule
from schemas.canonical import LocationLevel
from streams.errors import TillstreamError
from streams.ports import StockLevels
from tests.contract.systems import SKUS, PosSystem


@pytest.fixture
def stock(pos: PosSystem) -> StockLevels:
    return pos.stock


async def level(pos: PosSystem) -> LocationLevel:
    levels = (await pos.stock.levels({pos.sku}))[pos.sku]
    return next(one for one in levels if one.location == pos.location)


async def test_a_known_sku_has_one_level_in_each_location(pos: PosSystem, stock: StockLevels) -> None:
    found = await stock.levels({pos.sku})
    locations = [one.location for one in found[pos.sku]]
    assert pos.location in locations
    assert len(set(locations)) == len(locations)


@pytest.mark.rule("guards.short_read")
async def test_an_unknown_sku_is_left_out_and_never_zero(pos: PosSystem, stock: StockLevels) -> None:
    odd = {"no such, SKU", "a=b&c+d e", "ünï/cödé"}
    assert set(await stock.levels({pos.sku} | odd)) == {pos.sku}
    assert await stock.levels(odd) == {}
    assert await stock.levels(set()) == {}


async def test_an_open_order_commits_its_units_and_a_fulfilled_one_takes_them(
    pos: PosSystem, stock: StockLevels
) -> None:
    before = await level(pos)
    order = await pos.orders.create_order(pos.draft())
    opened = await level(pos)
    assert (opened.on_hand, opened.committed) == (before.on_hand, before.committed + 2)
    await pos.orders.fulfil_order(order.order_id)
    fulfilled = await level(pos)
    assert (fulfilled.on_hand, fulfilled.committed) == (before.on_hand - 2, before.committed)


async def test_more_skus_than_fit_one_call_are_all_there(pos: PosSystem, stock: StockLevels) -> None:
    many = {f"SKU-{number:05d}" for number in range(1, SKUS + 1)} if pos.faults.handle is not None else {pos.sku}
    assert set(await stock.levels(many | {f"NOPE-{number}" for number in range(150)})) == many


@pytest.mark.parametrize("fault", [Fault.ERROR_BEFORE, Fault.RESET_BEFORE, Fault.THROTTLE])
async def test_a_read_gets_through_passing_faults(pos: PosSystem, stock: StockLevels, fault: Fault) -> None:
    pos.faults.put(Rule(fault, every=2, operation="list_inventory", retry_after=0))
    for _ in range(6):
        assert pos.sku in await stock.levels({pos.sku})


@pytest.mark.rule("guards.short_read")
async def test_a_read_that_fails_raises_and_gives_no_levels(pos: PosSystem, stock: StockLevels) -> None:
    pos.faults.put(Rule(Fault.ERROR_BEFORE, every=1, operation="list_inventory"))
    with pytest.raises(TillstreamError):
        await stock.levels({pos.sku})
