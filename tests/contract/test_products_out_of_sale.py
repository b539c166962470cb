"""A product that the point of sale does not sell any more, and what becomes of its stock in the web store."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streams.deliver import stock
from tests.contract.stock_pipe import StockPipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture
def pipe(web: WebSystem, pos: PosSystem, monkeypatch: pytest.MonkeyPatch) -> StockPipe:
    monkeypatch.setattr(stock, "PACE_SECONDS", 0.0)
    return StockPipe(web, pos)


async def sold(pipe: StockPipe, active: bool) -> None:
    """A person in Heartland says whether the item is sold."""
    await pipe.pos.client.change("PUT", "till", pipe.pos.sku, f"/v1/products/{pipe.pos.sku}", {"Active": active})
    await pipe.changed("pos", "product", pipe.pos.sku)


async def in_source(pipe: StockPipe, pieces: int) -> Decimal:
    """What the first source holds once somebody has counted so many pieces."""
    await pipe.counted(pipe.pos.sku, pieces)
    await pipe.looked_at(pipe.pos.sku)
    held = {item.source: item.quantity for item in await pipe.web.stock.list_source_items([pipe.web.sku])}
    return held["main"]


@pytest.mark.rule("products.inactive")
async def test_what_is_not_sold_any_more_gets_no_new_stock_until_it_is_sold_again(pipe: StockPipe) -> None:
    assert await in_source(pipe, 9) == D(9)
    await sold(pipe, active=False)
    assert await in_source(pipe, 30) == D(9)
    assert await in_source(pipe, 4) == D(4)
    assert await in_source(pipe, 8) == D(4)
    await sold(pipe, active=True)
    assert await in_source(pipe, 8) == D(8)
    assert pipe.failed == []
    found = await pipe.web.connector.products.product(pipe.web.sku)
    assert found is not None
    assert found.enabled, "the flow does not own `active`, so that the web team's switch stays"
