"""Counts of stock from one system into the other, and what Magento makes of them."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest

from app.clock import SystemClock
from app.magento.client import MagentoClient
from streams.deliver import stock
from tests.contract.pipe import CHANNEL
from tests.contract.stock_pipe import StockPipe
from tests.contract.systems import PosSystem, WebSystem

D = Decimal


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch, web: WebSystem) -> None:
    if web.faults.handle is None:
        pytest.skip("counts the shelves of a whole shop, and needs the sandbox's stocks")
    monkeypatch.setattr(stock, "PACE_SECONDS", 0.0)


async def in_sources(pipe: StockPipe) -> dict[str, Decimal]:
    return {item.source: item.quantity for item in await pipe.web.stock.list_source_items([pipe.web.sku])}


@pytest.mark.rule("stock.default_source_is_msi")
async def test_a_shop_with_only_the_default_source_gets_the_msi_quantity(web: WebSystem, pos: PosSystem) -> None:
    pipe = StockPipe(web, pos, channel=CHANNEL.model_copy(update={"sources": {"MAIN": "default"}}))
    await pipe.counted(pos.sku, 9)
    await pipe.looked_at(pos.sku)
    assert (await in_sources(pipe))["default"] == 9
    order = await web.place_order(2)
    await pipe.changed("web", "order", order)
    assert pipe.failed == []
    # Placing reserves two and leaves the quantity alone; so do we, or they would be subtracted twice.
    assert (await in_sources(pipe))["default"] == 9


@pytest.mark.rule("stock.safety_is_min_qty")
@pytest.mark.rule("stock.safety_once")
async def test_safety_stock_is_the_products_threshold_and_magento_subtracts_it_once(
    web: WebSystem, pos: PosSystem
) -> None:
    pipe = StockPipe(web, pos)
    at_first = await in_sources(pipe)
    beside = await salable(web) - at_first["main"] - at_first["store2"]
    body = {"stockItem": {"min_qty": 3, "use_config_min_qty": False}}
    async with MagentoClient("web", web.settings, SystemClock()) as admin:
        await admin.put("safety", web.sku, f"/V1/products/{web.sku}/stockItems/1", body)
    await pipe.counted(pos.sku, 9)
    await pipe.looked_at(pos.sku)
    assert pipe.failed == []
    found = await in_sources(pipe)
    assert (found["main"], found["store2"]) == (D(9), D(9))
    assert await salable(web) - beside == 9 + 9 - 3


async def salable(web: WebSystem) -> Decimal:
    """What the website's stock can sell of the SKU."""
    path = f"/V1/inventory/get-product-salable-quantity/{web.sku}/2"
    async with MagentoClient("web", web.settings, SystemClock()) as admin:
        return D(str(orjson.loads(await admin.get("salable", web.sku, path))))
