"""A week of sales in store and online of the same goods, in virtual time."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import pytest

from streams.deliver import stock
from tests.streams.inventory.simulated_shop import SimulatedShop

WEEK = timedelta(days=7)
SOON = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace between two writes is the event loop's time, which is not virtual."""
    monkeypatch.setattr(stock, "PACE_SECONDS", 0.0)


@pytest.mark.rule("stock.oversell_detected")
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_oversell_is_found_within_a_minute_and_nothing_else_is(seed: int) -> None:
    shop = SimulatedShop(seed, skus=6)
    await shop.week(sales=15)
    lasting = [one for one in shop.oversold if one.over_at is None or one.over_at > one.visible_at + SOON]
    assert len(lasting) >= 5, "too few pieces were sold twice to say anything"
    late = [one for one in lasting if one.found_at is None or one.found_at > one.visible_at + SOON]
    assert late == []
    assert shop.false_alarms == []


@pytest.mark.rule("stock.oversell_window")
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_sold_twice_when_sales_are_farther_apart_than_the_published_window(seed: int) -> None:
    busy = SimulatedShop(seed, skus=6)
    await busy.week(sales=15)
    ages = sorted(busy.bench.ages)
    assert len(ages) > 100
    window = timedelta(seconds=ages[ceil(0.99 * len(ages)) - 1])
    listed = await busy.bench.store.written_stock.window("web", WEEK)
    assert timedelta(seconds=0.2) < listed.p95 <= listed.p99 < SOON
    calm = SimulatedShop(seed, skus=6, apart=window)
    await calm.week(sales=15)
    assert min(calm.sold_in_store, calm.sold_online) > 40
    assert (calm.oversold, await calm.bench.store.oversells.waiting()) == ([], [])
