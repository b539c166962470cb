"""The contract of `streams.ports.WebStock` where Magento keeps stock items; both kinds of shop have their routes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.magento.stock_items import MagentoStockItems
from streams.errors import Rejected
from streams.ports import SourceItem, WebStock
from tests.contract.systems import WebSystem


@pytest.fixture
def stock(web: WebSystem) -> WebStock:
    return MagentoStockItems(web.client)


def item(sku: str, pieces: str, source: str = "default") -> SourceItem:
    return SourceItem(sku, source, Decimal(pieces))


@pytest.mark.rule("stock.legacy_formula")
@pytest.mark.parametrize("pieces", ["12", "3.5", "0"])
async def test_what_is_written_is_held_however_often(web: WebSystem, stock: WebStock, pieces: str) -> None:
    for _ in range(2):
        await stock.write_source_items([item(web.sku, pieces)])
    assert await stock.list_source_items([web.sku, "no-such-sku"]) == (item(web.sku, pieces),)


async def test_an_unknown_sku_is_refused_and_no_product(web: WebSystem, stock: WebStock) -> None:
    with pytest.raises(Rejected):
        await stock.write_source_items([item("no-such-sku", "1")])
    assert await stock.known_skus([web.sku, "no-such-sku"]) == {web.sku}


async def test_a_source_that_there_is_not_is_named_with_the_setting(web: WebSystem, stock: WebStock) -> None:
    with pytest.raises(Rejected, match=r"no source 'main'.*channels"):
        await stock.write_source_items([item(web.sku, "1", "main")])


async def test_a_write_has_one_sku_so_that_it_is_all_or_nothing(web: WebSystem, stock: WebStock) -> None:
    assert stock.most_skus == 1
    with pytest.raises(Rejected):
        await stock.write_source_items([item(web.sku, "1"), item("SKU-00003", "1")])
    await stock.write_source_items([])
