"""What a point of sale that errs does to the web store's stock: nothing, and a person is shown why."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from streams.deliver import stock
from streams.errors import Guarded, Rejected
from streams.guards.limits import LIMITS
from streams.inventory.handler import LATELY
from streams.ports import GuardKind
from tests.contract.stock_pipe import StockPipe
from tests.contract.systems import SKUS, PosSystem, WebSystem


@pytest.fixture
async def pipe(web: WebSystem, pos: PosSystem, monkeypatch: pytest.MonkeyPatch) -> StockPipe:
    """Both systems with the same stock, as the poller has found it."""
    if web.faults.handle is None or pos.faults.handle is None:
        pytest.skip("empties a whole shop, which only a sandbox survives")
    monkeypatch.setattr(stock, "PACE_SECONDS", 0.0)
    pipe = StockPipe(web, pos)
    assert await pipe.polled() >= SKUS
    assert pipe.failed == []
    return pipe


def forget_all_stock(pos: PosSystem) -> None:
    """Its lists of stock are empty from now on, as after a wrong filter or half a migration."""
    assert pos.faults.handle is not None
    with sqlite3.connect(pos.faults.handle.database) as connection:
        connection.execute("DELETE FROM inventory")
    connection.close()


@pytest.mark.rule("guards.short_read")
async def test_an_empty_answer_changes_nothing_and_says_so_for_every_sku_that_is_looked_at(pipe: StockPipe) -> None:
    before = await pipe.held()
    assert sum(before.values()) > 0
    forget_all_stock(pipe.pos)
    assert await pipe.polled() == 0
    pipe.later(LATELY)  # it is no list that lags
    skus = sorted(before)[:20]
    await pipe.looked_at(*skus)
    assert await pipe.held() == before
    assert len(pipe.failed) == len(skus)
    for error in pipe.failed:
        assert isinstance(error, Rejected)
        assert error.code == "sku_vanished"
        assert "Nothing is written, the web store keeps its stock. See whether pos lists its goods as usual" in str(
            error
        )


@pytest.mark.rule("guards.mass_zero")
@pytest.mark.rule("guards.on_by_default")
async def test_a_shop_that_counts_zero_everywhere_is_not_emptied_online_before_a_person_says_so(
    pipe: StockPipe,
) -> None:
    before = await pipe.held()
    in_stock = [sku for sku, pieces in before.items() if pieces > 0]
    counted = sorted(in_stock)[:20]
    await asyncio.gather(*(pipe.counted(sku, 0) for sku in counted))
    await pipe.polled()
    after = await pipe.held()
    emptied = [sku for sku in in_stock if after[sku] == 0]
    assert len(emptied) <= LIMITS[GuardKind.STOCK_ZEROED].allowed(len(in_stock)) < len(counted)
    assert {sku: pieces for sku, pieces in after.items() if sku not in emptied} == {
        sku: pieces for sku, pieces in before.items() if sku not in emptied
    }
    (hold,) = await pipe.store.guards.open_holds()
    assert {change.sku for change in await pipe.store.guards.changes(hold.number)} == set(counted)
    assert pipe.failed
    for error in pipe.failed:
        assert isinstance(error, Guarded)
        assert f"of {len(in_stock)} SKUs would be set to zero stock in web" in str(error)
        assert f"tillstream guards show {hold.number}" in str(error)
